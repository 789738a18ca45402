using ResilientShop.Contracts;
using ResilientShop.Operations;
using ResilientShop.Operations.Canary;
using ResilientShop.Operations.Degradation;
using ResilientShop.Operations.Healing;
//#if (temporal)
using ResilientShop.Operations.Healing.Engines.Temporal;
//#endif
using ResilientShop.Operations.Jira;
using ResilientShop.Operations.OrderFlow;
using ResilientShop.Operations.Policies;
using ResilientShop.Operations.Releasing;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.Data;
using ResilientShop.ServiceDefaults.Releasing;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

// The canary is a consumer and nothing else: it gets a share of the events of orders, and what is below about policies, levels and releases is the stable release's alone.
var isCanary = builder.Configuration.OwnReleaseChannel() == ReleaseChannel.Canary;

// An empty store gets the shipped policies, or the last good ones after it was lost, from one service and not from all.
builder.Services.Configure<HotPolicyOptions>(options => options.SeedsEmptyStore = !isCanary);

const string database = "operationsdb";
builder.AddPostgres(database);
builder.Configuration.RequireConnectionString("kafka");
builder.Services.AddMigrations(
    database, DurableSchema.Sagas, DurableSchema.Inbox, DurableSchema.Outbox, MigrationScript.Embedded(typeof(OrderFlowReader).Assembly, "Database", "operations"));
builder.Services.AddOutbox();
builder.Services.AddSingleton<OrderEventHandler>();
if (isCanary)
{
    builder.Services.AddSingleton<ConsumerDefect>();
    builder.Services.AddKafkaConsumer<OrderEvent, CanaryOrderEvents>(Consumer);
    var canary = builder.Build();
    canary.MapDefaultEndpoints();
    ConsumerDefect.Map(canary);
    canary.Run();
    return;
}

builder.Services.AddKafkaConsumer<OrderEvent, OrderEventHandler>(Consumer);
builder.Services.AddSingleton<OrderFlowReader>();
builder.AddJira();
builder.AddHealing();
//#if (temporal)
await builder.AddTemporalAsync();
//#endif
builder.Services.AddSingleton<OrderFlowStream>();
builder.AddFleetControl();
builder.AddReleaseGate();

var app = builder.Build();
app.MapDefaultEndpoints();
app.UsePage();
app.MapOrderFlow();
app.MapHealing();
app.MapPolicies();
app.MapFleetDegradation();
app.MapReleases();
app.Run();

void Consumer(KafkaConsumerOptions consumer)
{
    consumer.Topic = Topics.OrderEvents;
    consumer.GroupId = "operations";
    consumer.IsCanary = isCanary;
    consumer.ReleaseName = ReleaseGateRegistration.ConsumerName;
}
