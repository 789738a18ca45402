using ResilientShop.Orders.Cancellation;
using ResilientShop.Orders.Checkout;
using ResilientShop.Orders.Lookup;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

const string database = "ordersdb";
builder.AddPostgres(database);
builder.Services.AddMigrations(
    database, DurableSchema.Sagas, DurableSchema.Outbox, MigrationScript.Embedded(typeof(OrderTable).Assembly, "Database", "orders"));
builder.Services.AddSingleton<OrderTable>();
builder.Services.AddOutbox();
builder.Services.AddCheckout();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapCheckout();
app.MapCancellation();
app.MapLookup();
app.Run();
