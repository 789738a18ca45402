using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Tests.Testing;

/// <summary>The example of docs/testing.md, so that it stays true.</summary>
public sealed class TieredClientExampleTests
{
    [Fact]
    public async Task A_client_with_tiers_is_tested_on_the_virtual_clock()
    {
        var clock = new VirtualClock();
        var shop = new ScriptedDependency(clock).Fail(Fault.ConnectionReset).Answer(200);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(clock);
        services.AddResilientHttpClient("shop", client => client.BaseAddress = new Uri("http://shop")).ConfigurePrimaryHttpMessageHandler(() => shop);
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("shop");

        using var response = await clock.RunAsync(() => client.GetAsync("/orders/1", TestContext.Current.CancellationToken));

        shop.ShouldHaveAttempts(2).ShouldHaveSentRetryAttempts(0, 1).ShouldHaveSentDeadlinesWithin(TimeSpan.FromSeconds(10));
        provider.GetRequiredService<DependencyRegistry>().Get("shop").Describe().MostAttempts.ShouldBe(3);
    }
}
