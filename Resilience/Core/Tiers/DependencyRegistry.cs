using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience;

/// <summary>
/// The dependencies of a process by name. Clients of one name share breaker and budget, whatever protocol they speak. Thread-safe.
/// </summary>
public sealed class DependencyRegistry
{
    private readonly ConcurrentDictionary<string, Dependency> _dependencies = new(StringComparer.Ordinal);
    private readonly Func<string, DependencyPolicy> _policies;
    private readonly TimeProvider _time;
    private readonly ILogger? _logger;

    /// <param name="policies">The policy of a dependency at its first use; it must be thread-safe.</param>
    /// <param name="time">The clock of everything; the system's when null.</param>
    /// <param name="metrics">Where things are counted; null for a meter of its own.</param>
    /// <param name="logger">Where changes of breakers are written.</param>
    public DependencyRegistry(
        Func<string, DependencyPolicy> policies, TimeProvider? time = null, ResilienceMetrics? metrics = null, ILogger<DependencyRegistry>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(policies);
        (_policies, _time, Metrics, _logger) = (policies, time ?? TimeProvider.System, metrics ?? new ResilienceMetrics(), logger);
        Metrics.Observe(() => _dependencies.Values);
    }

    /// <summary>Every dependency that was asked for, by name.</summary>
    public IEnumerable<Dependency> All => _dependencies.Values.OrderBy(dependency => dependency.Name, StringComparer.Ordinal);

    /// <summary>Where things are counted.</summary>
    public ResilienceMetrics Metrics { get; }

    /// <summary>The dependency of that name; made at its first use.</summary>
    /// <exception cref="PolicyInvalidException">Its policy is wrong.</exception>
    public Dependency Get(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return _dependencies.GetOrAdd(
            name, static (name, self) => new Dependency(name, self._policies(name), self._time, self.Metrics, self._logger), this);
    }

    /// <summary>The dependency of that name, or null when nobody has asked for it yet.</summary>
    public Dependency? Find(string name) => _dependencies.GetValueOrDefault(name);
}
