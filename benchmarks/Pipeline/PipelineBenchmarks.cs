using BenchmarkDotNet.Attributes;

namespace ResilientShop.Benchmarks.Pipeline;

/// <summary>The published table: the tiers beside AddStandardResilienceHandler, through IHttpClientFactory, in memory.</summary>
[MemoryDiagnoser]
public class PipelineBenchmarks : IDisposable
{
    private Clients _clients = null!;

    /// <summary>What the dependency does.</summary>
    [Params("at once", "yields", "503, 503, 200", "breaker open, throwing", "breaker open, answering")]
    public string Case { get; set; } = "at once";

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _clients = new Clients(failures: Case == "503, 503, 200" ? 2 : 0, yields: Case == "yields", answers: Case.EndsWith("answering", StringComparison.Ordinal));
        if (Case.StartsWith("breaker", StringComparison.Ordinal))
        {
            await _clients.OpenBreakersAsync();
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _clients.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true)]
    public Task Standard() => _clients.StandardAsync();

    [Benchmark]
    public Task Tiers() => _clients.TiersAsync();
}
