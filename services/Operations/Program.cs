using ResilientShop.Contracts;
using ResilientShop.Operations;
using ResilientShop.Operations.Degradation;
using ResilientShop.Operations.OrderFlow;
using ResilientShop.Operations.Policies;
using ResilientShop.Operations.Releasing;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

// An empty store gets the shipped policies, or the last good ones after it was lost, from one service and not from all.
builder.Services.Configure<HotPolicyOptions>(options => options.SeedsEmptyStore = true);

const string database = "operationsdb";
builder.AddPostgres(database);
builder.Configuration.RequireConnectionString("kafka");
builder.Services.AddMigrations(
    database, DurableSchema.Inbox, DurableSchema.Outbox, MigrationScript.Embedded(typeof(OrderFlowReader).Assembly, "Database", "operations"));
builder.Services.AddOutbox();
builder.Services.AddKafkaConsumer<OrderEvent, OrderEventHandler>(consumer =>
{
    consumer.Topic = Topics.OrderEvents;
    consumer.GroupId = "operations";
});
builder.Services.AddSingleton<OrderFlowReader>();
builder.Services.AddSingleton<OrderFlowStream>();
builder.AddFleetControl();
builder.AddReleaseGate();

var app = builder.Build();
app.MapDefaultEndpoints();
app.UsePage();
app.MapOrderFlow();
app.MapPolicies();
app.MapFleetDegradation();
app.MapReleases();
app.Run();
