using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>
/// The dependencies of a process by name, and the policies in force. Clients of one name share breaker and budget, whatever protocol they speak. Policies change
/// all at once: writers are serialised by a lock, readers take none. Thread-safe.
/// </summary>
public sealed class DependencyRegistry
{
    private readonly ConcurrentDictionary<string, Lazy<Dependency>> _dependencies = new(StringComparer.Ordinal);
    private readonly Func<PolicyDocument, string, string?, DependencyPolicy> _bind;
    private readonly Lock _gate = new();
    private readonly ILogger? _logger;
    private volatile PolicySnapshot _current;
    private IReadOnlyDictionary<string, FleetDegradation> _fleet = new Dictionary<string, FleetDegradation>();
    private IReadOnlyDictionary<string, FleetRelease> _releases = new Dictionary<string, FleetRelease>();
    private int _count;

    /// <param name="policies">The policy of a dependency at its first use; it must be thread-safe.</param>
    /// <param name="time">The clock of everything; the system's when null.</param>
    /// <param name="metrics">Where things are counted; null for a meter of its own.</param>
    /// <param name="logger">Where changes of breakers are written.</param>
    public DependencyRegistry(
        Func<string, DependencyPolicy> policies, TimeProvider? time = null, ResilienceMetrics? metrics = null, ILogger<DependencyRegistry>? logger = null)
        : this((_, dependency, _) => policies(dependency), PolicyDocument.Empty, time, metrics, logger) => ArgumentNullException.ThrowIfNull(policies);

    /// <param name="bind">The policy of a dependency in a document, or of its calls on a route; it must be thread-safe.</param>
    /// <param name="document">The document to start with.</param>
    /// <param name="time">The clock of everything; the system's when null.</param>
    /// <param name="metrics">Where things are counted; null for a meter of its own.</param>
    /// <param name="logger">Where changes of breakers are written.</param>
    internal DependencyRegistry(
        Func<PolicyDocument, string, string?, DependencyPolicy> bind,
        PolicyDocument document,
        TimeProvider? time = null,
        ResilienceMetrics? metrics = null,
        ILogger<DependencyRegistry>? logger = null)
    {
        (_bind, Time, Metrics, _logger) = (bind, time ?? TimeProvider.System, metrics ?? new ResilienceMetrics(), logger);
        _current = new PolicySnapshot(this, document, revision: 0, digest: "", slots: 0);
        Metrics.Observe(() => All);
    }

    /// <summary>Another document of policies is in force. Raised on the thread that put it there; documents come one after the other.</summary>
    internal event Action<PolicySnapshot>? Changed;

    /// <summary>Every dependency that was asked for, by name.</summary>
    public IEnumerable<Dependency> All =>
        _dependencies.Values.Where(made => made.IsValueCreated).Select(made => made.Value).OrderBy(dependency => dependency.Name, StringComparer.Ordinal);

    /// <summary>The policies in force. A request takes them once, see <see cref="CallContext.Policies"/>.</summary>
    public PolicySnapshot Current => _current;

    /// <summary>Where things are counted.</summary>
    public ResilienceMetrics Metrics { get; }

    internal TimeProvider Time { get; }

    /// <summary>The dependency of that name; made at its first use.</summary>
    /// <exception cref="PolicyInvalidException">Its policy is wrong.</exception>
    public Dependency Get(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var made = _dependencies.GetOrAdd(name, static (name, self) => new Lazy<Dependency>(() => self.Make(name)), this);
        try
        {
            return made.Value;
        }
        catch
        {
            // The next one may find better policies.
            _dependencies.TryRemove(KeyValuePair.Create(name, made));
            throw;
        }
    }

    /// <summary>Takes where services stand: the breakers of those that are broken are forced, of others no longer. It holds for dependencies to come too.</summary>
    /// <param name="fleet">Where services stand, by name.</param>
    public void Follow(IReadOnlyDictionary<string, FleetDegradation> fleet)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        lock (_gate)
        {
            _fleet = fleet;
            foreach (var dependency in All)
            {
                dependency.Follow(fleet.GetValueOrDefault(dependency.Name));
            }
        }
    }

    /// <summary>Takes how far the releases of services have come. It holds for dependencies to come too.</summary>
    /// <param name="releases">The releases, by service.</param>
    public void Follow(IReadOnlyDictionary<string, FleetRelease> releases)
    {
        ArgumentNullException.ThrowIfNull(releases);
        lock (_gate)
        {
            _releases = releases;
            foreach (var dependency in All)
            {
                dependency.Release.Follow(releases.GetValueOrDefault(dependency.Name));
            }
        }
    }

    /// <summary>The dependency of that name, or null when nobody has asked for it yet.</summary>
    public Dependency? Find(string name) => _dependencies.TryGetValue(name, out var made) && made.IsValueCreated ? made.Value : null;

    /// <summary>
    /// Puts all policies of a document in force with one swap: calls and requests that have started keep the old ones. A breaker or budget whose own numbers did
    /// not change keeps its state. <see cref="DependencyPolicy.Connections"/> of a dependency that is in use cannot change while the process runs, see
    /// <see cref="Dependency.Connections"/>.
    /// </summary>
    /// <returns>What is in force now.</returns>
    /// <exception cref="PolicyInvalidException">A policy is wrong; the old ones stay, all of them.</exception>
    public PolicySnapshot Apply(PolicyDocument document, long revision, string digest)
    {
        ArgumentNullException.ThrowIfNull(document);
        PolicySnapshot next;
        lock (_gate)
        {
            next = new PolicySnapshot(this, document, revision, digest, _count);
            foreach (var dependency in All)
            {
                Fill(next, dependency, _bind(document, dependency.Name, null), _current.Find(dependency));
            }

            _current = next;
        }

        Changed?.Invoke(next);
        return next;
    }

    /// <summary>Puts one dependency's policy in force, until the next document.</summary>
    internal void Override(Dependency dependency, DependencyPolicy policy)
    {
        policy.Validated();
        lock (_gate)
        {
            var next = new PolicySnapshot(this, _current.Document, _current.Revision, _current.Digest, _count);
            foreach (var other in All.Where(other => other != dependency))
            {
                Fill(next, other, _current.Of(other, route: null).Policy, _current.Find(other));
            }

            Fill(next, dependency, policy, _current.Find(dependency));
            _current = next;
        }
    }

    /// <summary>A dependency that is new to <paramref name="snapshot"/>.</summary>
    internal DependencySnapshot Complete(PolicySnapshot snapshot, Dependency dependency)
    {
        lock (_gate)
        {
            return snapshot.Find(dependency) ?? Fill(snapshot, dependency, _bind(snapshot.Document, dependency.Name, null), _current.Find(dependency));
        }
    }

    private Dependency Make(string name)
    {
        lock (_gate)
        {
            var policy = _bind(_current.Document, name, null).Validated();
            var dependency = new Dependency(name, _count, this, policy.Connections, _logger);
            Fill(_current, dependency, policy, previous: null);
            _count++;
            dependency.Follow(_fleet.GetValueOrDefault(name));
            dependency.Release.Follow(_releases.GetValueOrDefault(name));
            return dependency;
        }
    }

    private DependencySnapshot Fill(PolicySnapshot snapshot, Dependency dependency, DependencyPolicy policy, DependencySnapshot? previous)
    {
        var slot = new DependencySnapshot(dependency, policy.Validated(), previous);
        var routes = snapshot.Document.Routes.Values
            .Where(route => route.To == dependency.Name && snapshot.Document.RouteCallsOf(route.Name) is not null)
            .Select(route => KeyValuePair.Create(route.Name, new DependencySnapshot(dependency, OnRoute(snapshot.Document, route, policy), slot)));
        snapshot.Set(slot, routes);
        return slot;
    }

    // A route's calls share breaker and budget with all others.
    private DependencyPolicy OnRoute(PolicyDocument document, RoutePolicy route, DependencyPolicy policy) =>
        _bind(document, route.To, route.Name).Validated() with { Breaker = policy.Breaker, RetryBudget = policy.RetryBudget, Connections = policy.Connections };
}
