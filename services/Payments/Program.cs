using ResilientShop.Payments.Charging;
using ResilientShop.Payments.Lookup;
using ResilientShop.Payments.Provider;
using ResilientShop.Payments.ProviderClient;
using ResilientShop.Payments.Records;
using ResilientShop.Payments.Refunding;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

const string database = "paymentsdb";
builder.AddPostgres(database);
builder.Services.AddMigrations(database, MigrationScript.Embedded(typeof(PaymentTable).Assembly, "Database", "payments"));
builder.Services.AddSingleton<PaymentTable>();
builder.Services.AddSingleton<ChargeMetrics>();
builder.Services.AddScoped<ChargeEndpoint>();
builder.Services.AddPaymentProvider();
builder.Services.AddProviderSimulation();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapCharge();
app.MapRefund();
app.MapLookup();
app.MapProviderSimulation();
app.Run();
