using ResilientShop.Orders.Cancellation;
using ResilientShop.Orders.Checkout;
using ResilientShop.Orders.Lookup;
using ResilientShop.Orders.Records;
using ResilientShop.Orders.WarmUp;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;
using ResilientShop.ServiceDefaults.WarmUp;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

const string database = "ordersdb";
builder.AddPostgres(database);
builder.Services.AddMigrations(
    database, DurableSchema.Sagas, DurableSchema.Outbox, MigrationScript.Embedded(typeof(OrderTable).Assembly, "Database", "orders"));
builder.Services.AddSingleton<OrderTable>();
builder.Services.AddOutbox();
builder.Services.AddSagaDeadLetters();
builder.Services.AddCheckout();

builder.Services.AddSaga(WarmUpSaga.Define);
builder.AddWarmUpRequests(
    new WarmUpRequest("GET", "/orders/{id}"),
    new WarmUpRequest("POST", "/orders", "{}"),
    new WarmUpRequest("POST", "/orders", """{"customerId":"warm-up","currency":"GBP","lines":[{"sku":"warm-up","quantity":1,"unitPrice":1}],"payment":{"token":"warm-up"}}""")
    {
        // Less time than is kept in reserve: checked like any order, and stored like none.
        Headers = new Dictionary<string, string> { [ResilienceHeaders.DeadlineMs] = "1" },
    });
builder.AddWarmUp<CheckoutWarmUp>();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapCheckout();
app.MapCancellation();
app.MapLookup();
app.Run();
