using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>Where it is said which chaos experiments are under way: under a lease, so that none outlives whoever runs it. Thread-safe.</summary>
public interface IExperimentStore : IAsyncDisposable
{
    /// <summary>What and where it is, without secrets.</summary>
    string Name { get; }

    /// <summary>The experiments under way, by name (that of the header <see cref="ResilienceHeaders.ChaosExperiment"/>), and again after each change. A store that is away is waited for, and when it is back it says first which are under way now.</summary>
    /// <param name="problem">Told what goes wrong, and null when all is well again.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<IReadOnlyDictionary<string, RunningExperiment>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken);
}
