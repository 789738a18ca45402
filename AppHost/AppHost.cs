using System.Security.Cryptography;
using AppHost.Resources;

var builder = DistributedApplication.CreateBuilder(args);

// Backing servers. A connection string given from outside (ConnectionStrings__ordersdb=...) takes the place of ours.
var postgres = new Lazy<IResourceBuilder<PostgresServerResource>>(() => builder.AddPostgres("postgres"));
var ordersDb = builder.GivenOr("ordersdb", name => postgres.Value.AddDatabase(name));
var inventoryDb = builder.GivenOr("inventorydb", name => postgres.Value.AddDatabase(name));
var paymentsDb = builder.GivenOr("paymentsdb", name => postgres.Value.AddDatabase(name));
var operationsDb = builder.GivenOr("operationsdb", name => postgres.Value.AddDatabase(name));
var kafka = builder.GivenOr("kafka", name => builder.AddKafka(name));
var etcd = builder.GivenOr("etcd", name => builder.AddEtcd(name));
var prometheus = builder.GivenOr("prometheus", name => builder.AddPrometheus(name));
//#if (temporal)
var temporal = builder.GivenOr("temporal", name => builder.AddTemporal(name), variable: "TEMPORAL_ADDRESS");
//#endif

// By this key services act on each other; nobody has to know it.
var serviceKey = builder.Configuration["Operator:ServiceKey"] ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

// Services.
var shop = new Topology(builder, AsService);
var inventory = shop.AddService<Projects.Inventory>("inventory")
    .WithHttpEndpoint(name: "grpc", env: "GRPC_PORT")
    .WithReference(inventoryDb).WaitFor(inventoryDb);

var payments = shop.AddService<Projects.Payments>("payments")
    .WithReference(paymentsDb).WaitFor(paymentsDb);

// A second release of Payments beside the first; it serves who asks for it, and what the release gate gives it (POST :8090/api/releases/payments/start).
var paymentsCanary = shop.AddService<Projects.Payments>("payments-canary")
    .WithEnvironment("Release__Channel", "canary")
    .WithReference(paymentsDb).WaitFor(paymentsDb);

var orders = shop.AddService<Projects.Orders>("orders")
    .WithReplicas(2)
    .WithReference(ordersDb).WaitFor(ordersDb)
    .WithReference(kafka).WaitFor(kafka)
    .WithReference(inventory)
    .WithReference(payments)
    .WithReference(paymentsCanary);

// A second release of the consumer of order events; the release gate gives it a share of the orders (POST :8090/api/releases/operations/start).
var operationsCanary = shop.AddService<Projects.Operations>("operations-canary")
    .WithEnvironment("Release__Channel", "canary")
    .WithReference(operationsDb).WaitFor(operationsDb)
    .WithReference(kafka).WaitFor(kafka);

var operations = shop.AddService<Projects.Operations>("operations", builder.FixedPort("Operations", 8090))
    .WithReference(operationsDb).WaitFor(operationsDb)
    .WithReference(kafka).WaitFor(kafka)
    //#if (temporal)
    .WithReference(temporal).WaitFor(temporal)
    //#endif
    .WithReference(prometheus)
    .WithReference(orders)
    .WithReference(inventory)
    .WithReference(payments)
    .WithReference(paymentsCanary)
    .WithReference(operationsCanary);

var gateway = shop.AddService<Projects.Gateway>("gateway", builder.FixedPort("Gateway", 8080))
    .WithReference(orders).WaitFor(orders)
    .WithReference(inventory).WaitFor(inventory)
    .WithReference(payments).WaitFor(payments)
    .WithReference(paymentsCanary);

// What was added later, each in a file of its own (Parts/).
shop.AddParts();
prometheus.WithScrapeTargets([.. shop.Services]);

builder.UseDashboardPort(18888);
builder.AddReadyFile(gateway, operations);

builder.Build().Run();

IResourceBuilder<ProjectResource> AsService(IResourceBuilder<ProjectResource> service) => service
    .WithHttpHealthCheck("/health")
    .WithReference(etcd).WaitFor(etcd)
    .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
    .WithEnvironment("Operator__Key", builder.Configuration["Operator:Key"] ?? "")
    .WithEnvironment("Operator__ServiceKey", serviceKey)
    .WithEnvironment("WarmUp__Rounds", builder.Configuration["WarmUp:Rounds"] ?? "20")

    // A process that lives for minutes does not earn back what the profiling of its code costs: a quarter of the work of a start.
    .WithEnvironment("DOTNET_TieredPGO", "0");
