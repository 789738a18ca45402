using System.Text.Json;
using ResilientShop.EndToEnd.Tests.Shop;

[assembly: AssemblyFixture(typeof(RunningShop))]

namespace ResilientShop.EndToEnd.Tests.Shop;

/// <summary>The one shop that all tests of this assembly share, started by the real AppHost.</summary>
public sealed class RunningShop : IAsyncLifetime
{
    private AppHostProcess _appHost = null!;
    private JsonElement _addresses;

    /// <summary>Speaks to the gateway.</summary>
    public HttpClient Gateway { get; private set; } = null!;

    /// <summary>The address of a resource, from the ready file.</summary>
    public string Address(string resource) => _addresses.GetProperty(resource).GetString()!;

    /// <summary>Process ids of the instances when everything was ready, by name.</summary>
    public int ProcessId(string instance) =>
        _addresses.GetProperty("processes").EnumerateArray().Single(process => process.GetProperty("name").GetString() == instance).GetProperty("pid").GetInt32();

    public async ValueTask InitializeAsync()
    {
        _appHost = AppHostProcess.Start();
        _addresses = await _appHost.ReadyAsync(CancellationToken.None);
        Gateway = new HttpClient { BaseAddress = new Uri(Address("gateway")) };
    }

    public async ValueTask DisposeAsync()
    {
        Gateway?.Dispose();
        await _appHost.DisposeAsync();
    }
}
