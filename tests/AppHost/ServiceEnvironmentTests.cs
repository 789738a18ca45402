using AppHost.Tests.Fakes;

namespace AppHost.Tests;

/// <summary>The variables are Aspire's, so that a service cannot tell which orchestrator started it.</summary>
public sealed class ServiceEnvironmentTests
{
    [Fact]
    public void A_referenced_connection_string_is_given_under_its_name()
    {
        var database = new FakeResource("ordersdb") { ConnectionString = "Host=localhost;Database=ordersdb" };
        Variables(service => service.References.Add(database), database)["ConnectionStrings__ordersdb"].ShouldBe("Host=localhost;Database=ordersdb");
    }

    [Fact]
    public void A_server_that_is_missing_leaves_no_variable_behind()
    {
        var etcd = new FakeResource("etcd") { ConnectionString = null };
        Variables(service => service.References.Add(etcd), etcd).Keys.ShouldNotContain("ConnectionStrings__etcd");
    }

    [Fact]
    public void Every_replica_and_endpoint_of_a_referenced_service_is_named()
    {
        var orders = new ProjectResource("orders", new Project()) { Replicas = 2 };
        orders.Endpoints.Add(new EndpointAnnotation("http", null, null));
        orders.Endpoints.Add(new EndpointAnnotation("grpc", null, "GRPC_PORT"));

        var variables = Variables(service => service.References.Add(orders), orders);

        string[] names = ["services__orders__http__0", "services__orders__http__1", "services__orders__grpc__0", "services__orders__grpc__1"];
        names.Select(name => variables[name]!).ShouldAllBe(url => url.StartsWith("http://localhost:", StringComparison.Ordinal));
        names.Select(name => variables[name]).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void A_service_learns_where_it_listens()
    {
        var variables = Variables(service => service.Endpoints.Add(new EndpointAnnotation("grpc", 21234, "GRPC_PORT")));
        variables["ASPNETCORE_URLS"]!.ShouldStartWith("http://localhost:");
        variables["ASPNETCORE_URLS"]!.ShouldNotContain("21234");
        variables["GRPC_PORT"].ShouldBe("21234");
    }

    [Fact]
    public void A_service_has_a_name_and_an_instance_id_for_its_telemetry()
    {
        var variables = Variables(_ => { });
        variables["OTEL_SERVICE_NAME"].ShouldBe("service");
        variables["OTEL_RESOURCE_ATTRIBUTES"].ShouldBe("service.instance.id=1");
        variables.Keys.ShouldNotContain("OTEL_EXPORTER_OTLP_ENDPOINT");
    }

    [Fact]
    public void What_AppHost_sets_wins_over_what_the_host_sets() =>
        Variables(service => service.Environment.Add(new("OTEL_SERVICE_NAME", "other")))["OTEL_SERVICE_NAME"].ShouldBe("other");

    [Theory]
    [InlineData("ASPNETCORE_URLS")]
    [InlineData("ConnectionStrings__ordersdb")]
    [InlineData("Ports__Gateway")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("services__orders__http__0")]
    [InlineData("dotnet_launch_profile")]
    public void What_is_meant_for_the_AppHost_is_not_inherited(string name) => InheritedEnvironment.NotForChildren(["PATH", name]).ShouldBe([name]);

    private static IReadOnlyDictionary<string, string?> Variables(Action<ProjectResource> describe, params Resource[] others)
    {
        var service = new ProjectResource("service", new Project());
        service.Endpoints.Add(new EndpointAnnotation("http", null, null));
        describe(service);
        var host = new EmbeddedHost([service, .. others], new EmbeddedOptions { CachePath = "/nowhere", Quiet = true }, "Development");
        return ServiceEnvironment.Of(service, new ResourceInstance(host, service, 0), host);
    }

    private sealed class Project : IProjectMetadata
    {
        public string ProjectPath => "/nowhere/Service.csproj";

        public string TargetPath => "/nowhere/Service.dll";
    }
}
