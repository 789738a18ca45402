using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Template.Tests;

/// <summary>What is scaffolded builds, with warnings as errors, passes its tests and sells.</summary>
public sealed class BuildTests(TemplatePackage package)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// All that is there with a service and a saga of its own added: the solution as a team has it after its first day. It is built whole, its unit tests and the new ones are run, and
    /// an order goes through its gateway.
    /// </summary>
    [Fact(Timeout = 600_000)]
    public async Task A_solution_with_one_more_service_and_saga_builds_passes_its_tests_and_sells()
    {
        var folder = await package.ScaffoldAsync("Acme.event");
        await ItemAsync(folder, "resilient-shop-service", "-n", "OrderTracking", "--shop", "Acme._event");
        await ItemAsync(folder, "resilient-saga", "-n", "Shipment", "--shop", "Acme._event");
        (await File.ReadAllTextAsync(Path.Combine(folder, "Acme.event.slnx"), Cancel)).ShouldContain("services/OrderTracking/OrderTracking.csproj");

        await BuildAsync(folder, "Acme.event.slnx");

        await TestAsync(folder, "tests/OrderTracking");
        await TestAsync(folder, "tests/Services", "--filter-class", "*ShipmentTests", "*ArrivedLetterTests", "*HealingWorkflowTests", "*HealingScriptTests");
        await TestAsync(folder, "tests/AppHost");
        await UnitTestAsync(folder);
        await SellsAsync(folder, "order-tracking");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Without everything that can be left out, under a name that is no identifier.</summary>
    [Fact(Timeout = 600_000)]
    public async Task The_least_that_can_be_scaffolded_builds_and_passes_its_tests()
    {
        SkipWhenFew();
        var folder = await package.ScaffoldAsync("9-lives", "--services-only", "--temporal", "false", "--replay-data", "false");
        await ItemAsync(folder, "resilient-shop-service", "-n", "Shipping", "--shop", "_9_lives", "--app-host", "false");
        Directory.Exists(Path.Combine(folder, "AppHost")).ShouldBeFalse();

        await BuildAsync(folder, "9-lives.slnx");

        await TestAsync(folder, "tests/Shipping");

        await TestAsync(folder, "tests/Services", "--filter-class", "*ArrivedLetterTests", "*HealingScriptTests");
        await UnitTestAsync(folder);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Other combinations under odd names, whole, with the tests that need no server. The runners of what is left out are not there.</summary>
    [Theory(Timeout = 600_000)]
    [InlineData("T", "--temporal false")]
    [InlineData("under_score", "--orchestrator embedded --replay-data false")]
    [InlineData("class", "--services-only")]
    [InlineData("lower", "--orchestrator aspire --temporal false")]
    [InlineData("A-1.b_2", "--services-only --temporal false")]
    [InlineData("Acme.Shop2.Europe", "--replay-data false")]
    public async Task It_builds_under_an_odd_name_and_passes_its_unit_tests(string name, string options)
    {
        SkipWhenFew();
        var folder = await package.ScaffoldAsync(name, options.Split(' '));
        if (options.Contains("aspire", StringComparison.Ordinal))
        {
            // Its AppHost is of Aspire's own SDK, which not every machine can have.
            (await Command.RunAsync(folder, "dotnet", ["sln", $"{name}.slnx", "remove", "AppHost/AppHost.csproj"], Cancel)).ExitCode.ShouldBe(0);
        }

        await BuildAsync(folder, $"{name}.slnx");

        await UnitTestAsync(folder);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("resilient-shop-service", "shipping", "Acme", "A service has a name in Pascal case")]
    [InlineData("resilient-shop-service", "Orders", "Acme", "A service has a name in Pascal case")]
    [InlineData("resilient-shop-service", "Shipping", "my-shop", "--shop is its root namespace")]
    [InlineData("resilient-saga", "Ship ment", "Acme", "A saga has a name in Pascal case")]
    public async Task An_item_whose_name_cannot_be_is_refused_and_nothing_is_written(string template, string name, string shop, string said)
    {
        var folder = package.NewFolder();

        var refused = await package.NewAsync(folder, template, "-n", name, "--shop", shop, "-o", folder);

        refused.ExitCode.ShouldNotBe(0);
        refused.Output.ShouldContain(said);
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private static void SkipWhenFew() => Assert.SkipWhen(
        Environment.GetEnvironmentVariable("TEMPLATE_MATRIX") == "few", "TEMPLATE_MATRIX is few: one solution is built, because this machine has little time. Without it all are.");

    /// <summary>The tests that need no server.</summary>
    private static async Task UnitTestAsync(string folder)
    {
        await TestAsync(folder, "tests/Tools");
        await TestAsync(folder, "tests/Resilience", "--filter-namespace", "*.Breaking", "*.Budgeting", "*.Classification", "*.Core", "*.Deadlines", "*.Pipelines", "*.Policies*", "*.Registration", "*.Telemetry", "*.Testing", "*.Tiers");
    }

    private async Task ItemAsync(string folder, string template, params string[] arguments)
    {
        var made = await package.NewAsync(folder, [template, "-o", folder, .. arguments]);
        made.ExitCode.ShouldBe(0, made.Output);
    }

    private static async Task BuildAsync(string folder, string what, params string[] options)
    {
        var built = await Command.RunAsync(folder, "dotnet", ["build", what, "-warnaserror", "-v", "q", "-p:Orchestrator=embedded", .. options], Cancel);
        built.ExitCode.ShouldBe(0, built.Output);
    }

    private static async Task TestAsync(string folder, string project, params string[] arguments)
    {
        var tested = await Command.RunAsync(folder, "dotnet", ["run", "--project", project, "--no-build", "--", .. arguments], Cancel);
        tested.ExitCode.ShouldBe(0, tested.Output);
        tested.Output.ShouldContain("failed: 0");
    }

    private static async Task SellsAsync(string folder, string service)
    {
        var ready = Path.Combine(folder, "ready.json");
        using var appHost = Command.Start(folder, "dotnet", "run", "--project", "AppHost", "--no-build", "-p:Orchestrator=embedded", "--", "--ready-file", ready);
        var output = Command.Collect(appHost);
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            while (!File.Exists(ready))
            {
                appHost.HasExited.ShouldBeFalse(output());
                await timer.WaitForNextTickAsync(Cancel);
            }

            var addresses = JsonDocument.Parse(await File.ReadAllTextAsync(ready, Cancel)).RootElement;
            using var gateway = new HttpClient { BaseAddress = new Uri(addresses.GetProperty("gateway").GetString()!) };
            using var stocked = await gateway.PutAsync("inventory/85123A", Body("""{"available": 10}"""), Cancel);
            stocked.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var order = new HttpRequestMessage(HttpMethod.Post, "orders")
            {
                Content = Body("""{"customerId": "17850", "currency": "GBP", "lines": [{"sku": "85123A", "quantity": 6, "unitPrice": 2.55}], "payment": {"token": "tok_ok"}}"""),
                Headers = { { "Idempotency-Key", "first" } },
            };
            using var placed = await gateway.SendAsync(order, Cancel);
            placed.StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.Accepted);

            using var added = new HttpClient();
            (await added.GetAsync(new Uri(new Uri(addresses.GetProperty(service).GetString()!), $"{service}/1"), Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
        finally
        {
            await StopAsync(appHost);
        }

        (await Command.RunAsync(Path.GetTempPath(), "pgrep", ["-f", folder], Cancel)).ExitCode.ShouldBe(1, "no process of the shop is left");
    }

    /// <summary>Ctrl-C, which a terminal sends to the whole group.</summary>
    private static async Task StopAsync(Process appHost)
    {
        (await Command.RunAsync(Path.GetTempPath(), "kill", ["-INT", "--", $"-{appHost.Id}"], CancellationToken.None)).ExitCode.ShouldBe(0);
        await appHost.WaitForExitAsync(CancellationToken.None);
    }

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/json");
}
