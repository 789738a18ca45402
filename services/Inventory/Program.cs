using ResilientShop.Inventory.Reservations;
using ResilientShop.Inventory.Stock;
using ResilientShop.Inventory.WarmUp;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;
using ResilientShop.ServiceDefaults.Hosting;
using ResilientShop.ServiceDefaults.WarmUp;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.ListenForGrpc();

const string database = "inventorydb";
builder.AddPostgres(database);
builder.Services.AddMigrations(database, MigrationScript.Embedded(typeof(StockTable).Assembly, "Database", "inventory"));
builder.Services.AddSingleton<StockTable>();
builder.Services.AddOptions<StockOptions>().BindConfiguration("Stock").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<LastKnownStock>();
builder.Services.AddSingleton<ReservationTable>();
builder.Services.AddSingleton<ReservationMetrics>();
builder.Services.AddGrpc(options =>
{
    options.Interceptors.Add<DatabaseErrorInterceptor>();

    // The catch-all route for unknown gRPC services would also take HTTP requests with a wrong method or content type.
    options.IgnoreUnknownServices = true;
});

builder.AddWarmUpRequests(new WarmUpRequest("GET", "/inventory/warm-up"), new WarmUpRequest("PUT", "/inventory/warm-up", "{}"));
builder.AddWarmUp<ReservationWarmUp>();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapStock();
app.MapReservations();
app.MapGrpcService<InventoryGrpcService>().WithSignals();
app.Run();
