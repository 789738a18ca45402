using ResilientShop.Contracts;
using ResilientShop.Operations;
using ResilientShop.Operations.OrderFlow;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

const string database = "operationsdb";
builder.AddPostgres(database);
builder.Configuration.RequireConnectionString("kafka");
builder.Services.AddMigrations(database, DurableSchema.Inbox, MigrationScript.Embedded(typeof(OrderFlowReader).Assembly, "Database", "operations"));
builder.Services.AddKafkaConsumer<OrderEvent, OrderEventHandler>(consumer =>
{
    consumer.Topic = Topics.OrderEvents;
    consumer.GroupId = "operations";
});
builder.Services.AddSingleton<OrderFlowReader>();
builder.Services.AddSingleton<OrderFlowStream>();

var app = builder.Build();
app.MapDefaultEndpoints();
app.UsePage();
app.MapOrderFlow();
app.Run();
