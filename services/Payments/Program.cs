using ResilientShop.Payments.Canary;
using ResilientShop.Payments.Capturing;
using ResilientShop.Payments.Charging;
using ResilientShop.Payments.Lookup;
using ResilientShop.Payments.Provider;
using ResilientShop.Payments.ProviderClient;
using ResilientShop.Payments.Records;
using ResilientShop.Payments.Refunding;
using ResilientShop.Payments.WarmUp;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;
using ResilientShop.ServiceDefaults.WarmUp;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

const string database = "paymentsdb";
builder.AddPostgres(database);
builder.Services.AddMigrations(database, MigrationScript.Embedded(typeof(PaymentTable).Assembly, "Database", "payments"));
builder.Services.AddSingleton<PaymentTable>();
builder.Services.AddSingleton<ChargeMetrics>();
builder.Services.AddScoped<ChargeEndpoint>();
builder.Services.AddPaymentProvider();
builder.Services.AddCaptureLater();
builder.Services.AddProviderSimulation();
builder.Services.AddPaymentRelease();

builder.AddWarmUpRequests(
    new WarmUpRequest("GET", "/payments/{id}"),
    new WarmUpRequest("POST", "/payments", "{}"),
    new WarmUpRequest("POST", "/provider/charges", """{"amount":1,"currency":"GBP","token":"warm-up"}""") { Headers = new Dictionary<string, string> { ["Idempotency-Key"] = "warm-up" } });
builder.AddWarmUp<ChargeWarmUp>();

var app = builder.Build();
app.UsePaymentRelease();
app.MapDefaultEndpoints();
app.MapCharge();
app.MapRefund();
app.MapLookup();
app.MapProviderSimulation();
app.MapPaymentRelease();
app.Run();
