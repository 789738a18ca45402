using System.Collections.Concurrent;

namespace ResilientShop.Resilience;

/// <summary>
/// The degradation of one service in one process: takes the outcome of each request, decides when one of them is bad and once a second, and tells what
/// changed. Recording and reading take no lock and allocate nothing. Thread-safe; <see cref="RunAsync"/> is for one caller.
/// </summary>
public sealed class ServiceDegradation : IDisposable
{
    /// <summary>Code with which a broken service refuses.</summary>
    public const string RefusalCode = "SERVICE_DEGRADED";

    /// <summary>Value of <see cref="ResilienceHeaders.Degraded"/> when a broken service refuses.</summary>
    public const string RefusalMode = "refused";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Bad requests that come closer together than this share a decision.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<string, EndpointSignals> _endpoints = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _woken = new(0, 1);
    private readonly Lock _shaping = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly AtomicSwitch<DegradationPosition> _position;
    private readonly DegradationRecord _record;
    private TrafficSlope _slope;
    private Traffic _traffic = new(null, null, 0);
    private int _isAwake;
    private long _refused;
    private long _counted;
    private TimeSpan _nextSecond = Second;

    /// <param name="service">Name of the service.</param>
    /// <param name="policy">The policy to start with.</param>
    /// <param name="time">Clock of the recorded timestamps.</param>
    /// <param name="onChange">Told of each change once it is in effect, one after the other and in their order, before the call returns that made it.</param>
    /// <exception cref="PolicyInvalidException">The policy cannot work; the message says why.</exception>
    public ServiceDegradation(string service, DegradationPolicy policy, TimeProvider time, Action<DegradationChange>? onChange = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(service);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(time);
        policy.Validated();
        (Service, _time, _record, _start) = (service, time, new DegradationRecord(onChange), time.GetTimestamp());
        _slope = new TrafficSlope(policy.RateTime, policy.SlopeTime);
        _position = new AtomicSwitch<DegradationPosition>(new DegradationPosition(DegradationState.Initial, policy, fleet: null, time));
    }

    /// <summary>Name of the service.</summary>
    public string Service { get; }

    /// <summary>The position now; a request takes it once.</summary>
    public DegradationPosition Current => _position.Current;

    /// <summary>The last changes, oldest first, at most 50.</summary>
    public IReadOnlyList<DegradationChange> Changes => _record.Changes;

    /// <summary>What is known now, over all endpoints.</summary>
    public SignalReading Reading => Read(Current);

    /// <summary>What one endpoint of it tells, by name.</summary>
    public IReadOnlyDictionary<string, WindowReading> Endpoints =>
        _endpoints.Values.ToDictionary(endpoint => endpoint.Name, endpoint => endpoint.Window.Read(Current.Policy.P99Limit), StringComparer.Ordinal);

    /// <summary>The signals of an endpoint; look them up once and keep them.</summary>
    public EndpointSignals Endpoint(string name)
    {
        if (_endpoints.TryGetValue(name, out var known))
        {
            return known;
        }

        lock (_shaping)
        {
            return _endpoints.GetOrAdd(name, static (name, self) => new EndpointSignals(name, new SignalWindow(self.Current.Policy.Window, self._time)), this);
        }
    }

    /// <summary>Takes the outcome of a request.</summary>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="position">The position it took at its start.</param>
    /// <param name="tookNormalWay">Whether it took the normal way.</param>
    /// <param name="startedAt">Timestamp of its start.</param>
    /// <param name="hasFailed">Whether it failed by the service's fault.</param>
    public void Record(EndpointSignals endpoint, DegradationPosition position, bool tookNormalWay, long startedAt, bool hasFailed)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(position);
        var now = _time.GetTimestamp();
        endpoint.Window.Record(startedAt, now, hasFailed);
        if (tookNormalWay)
        {
            position.Recovered?.Record(startedAt, now, hasFailed);
        }

        if (hasFailed || now - startedAt > position.SlowStamps)
        {
            Wake();
        }
    }

    /// <summary>Takes that a request was refused because the service is broken. It is traffic, and tells nothing else.</summary>
    public void RecordRefusal() => Interlocked.Increment(ref _refused);

    /// <summary>Decides until it is cancelled, then returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await RestAsync(cancellationToken).ConfigureAwait(false);
            Decide();
            await Task.Delay(Gap, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Puts another policy in force. What was counted stays, unless the lengths of time changed over which it is.</summary>
    /// <exception cref="PolicyInvalidException">The policy cannot work; the old one stays.</exception>
    public void Apply(DegradationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validated();
        lock (_shaping)
        {
            var old = Current.Policy;
            if (policy.SaysTheSameAs(old))
            {
                return; // What a step of recovery has proved so far stays.
            }

            Move(from => (With(policy.IsEnabled ? from.State : DegradationState.Initial, policy, from.Fleet), null, "The policy has changed"));
            if (policy.Window != old.Window)
            {
                foreach (var endpoint in _endpoints.Values)
                {
                    endpoint.Renew(new SignalWindow(policy.Window, _time));
                }
            }

            if ((policy.RateTime, policy.SlopeTime) != (old.RateTime, old.SlopeTime))
            {
                Volatile.Write(ref _slope, new TrafficSlope(policy.RateTime, policy.SlopeTime));
            }
        }
    }

    /// <summary>Takes where the fleet stands; null when nobody says so any more.</summary>
    public void Follow(FleetDegradation? fleet) => Move(from => fleet == from.Fleet ? null : (
        With(from.State, from.Policy, fleet, from.Recovered),
        null,
        fleet is null ? $"{from.Fleet!.By} says nothing of the fleet any more" : $"Fleet at {fleet.Level}, by {fleet.By}: {fleet.Reason}"));

    /// <summary>Takes a level by an operator's word; no signal changes it until <see cref="Release"/>.</summary>
    public DegradationChange Force(DegradationLevel level, string reason) => Intervene((state, _, now) => DegradationEngine.Force(state, level, now), reason);

    /// <summary>Gives the decision back to the signals.</summary>
    public DegradationChange Release(string reason) => Intervene(DegradationEngine.Release, reason);

    /// <summary>How long nothing is tried in <paramref name="state"/> from now on.</summary>
    internal TimeSpan RestOf(DegradationState state) => state.Since + state.Cooldown - Elapsed is var rest && rest > TimeSpan.Zero ? rest : TimeSpan.Zero;

    /// <inheritdoc/>
    public void Dispose() => _woken.Dispose();

    /// <summary>Counts the seconds that have passed, and decides once.</summary>
    internal void Decide()
    {
        CountSeconds();
        Move(from => from.Policy.IsEnabled && DegradationEngine.Decide(from.State, Read(from), from.Policy, Elapsed) is { } decision
            ? (With(decision.To, from.Policy, from.Fleet), decision, decision.Reason)
            : null);
    }

    private TimeSpan Elapsed => Stamps.Between(_start, _time.GetTimestamp(), _time);

    private SignalReading Read(DegradationPosition position)
    {
        SignalWindow[] windows = [.. _endpoints.Values.Select(endpoint => endpoint.Window)];
        var limit = position.Policy.P99Limit;
        var traffic = Volatile.Read(ref _traffic);
        return new SignalReading(SignalWindow.Read(windows, limit), position.Recovered?.Read(limit) ?? default, traffic.Rate, traffic.Slope, traffic.Noise);
    }

    private DegradationPosition With(DegradationState state, DegradationPolicy policy, FleetDegradation? fleet, SignalWindow? recovered = null) =>
        new(state, policy, fleet, _time, recovered);

    private DegradationChange Intervene(Func<DegradationState, DegradationPolicy, TimeSpan, DegradationState> to, string reason) => Move(from =>
    {
        var decision = new DegradationDecision(from.State, to(from.State, from.Policy, Elapsed), Signals.None, Read(from), reason);
        return (With(decision.To, from.Policy, from.Fleet), decision, reason);
    })!;

    /// <summary>Moves from wherever the service is; who was overtaken looks again. The switch takes no lock, telling of it does.</summary>
    private DegradationChange? Move(Func<DegradationPosition, (DegradationPosition To, DegradationDecision? Decision, string Reason)?> move)
    {
        while (true)
        {
            var from = Current;
            if (move(from) is not { } next)
            {
                return null;
            }

            var change = new DegradationChange(_time.GetUtcNow(), Service, from, next.To, next.Decision, next.Reason);
            next.To.Untold = change;
            if (_position.TryMove(from, next.To))
            {
                _record.TellUpTo(next.To);
                return change;
            }
        }
    }

    /// <summary>Until a bad request, or the next second.</summary>
    private async Task RestAsync(CancellationToken cancellationToken)
    {
        if (_nextSecond - Elapsed is var rest && rest > TimeSpan.Zero)
        {
            using var second = new CancellationTokenSource(rest, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(second.Token, cancellationToken);
            var woken = _woken.WaitAsync(either.Token);
            await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (woken.IsCompletedSuccessfully)
            {
                // Only whoever took the permit lets the next one be given: there is never more than one.
                Volatile.Write(ref _isAwake, 0);
            }
        }
    }

    private void CountSeconds()
    {
        if (Elapsed < _nextSecond)
        {
            return;
        }

        // A pause of the process is no collapse of the traffic: what came is spread over all seconds that have passed.
        var slope = Volatile.Read(ref _slope);
        var seconds = (long)((Elapsed - _nextSecond) / Second) + 1;
        var requests = Math.Max(0, Volatile.Read(ref _refused) + _endpoints.Values.Sum(endpoint => endpoint.Total) - _counted);
        _counted += requests;
        _nextSecond += seconds * Second;
        for (; seconds > 0; seconds--)
        {
            var share = requests / seconds;
            requests -= share;
            slope.AddSecond(share);
        }

        Volatile.Write(ref _traffic, new Traffic(slope.Rate, slope.Current, slope.Noise));
    }

    private void Wake()
    {
        if (Volatile.Read(ref _isAwake) == 0 && Interlocked.Exchange(ref _isAwake, 1) == 0)
        {
            _woken.Release();
        }
    }

    /// <summary>As of the last second. One object, so that nobody reads half of it.</summary>
    private sealed record Traffic(double? Rate, double? Slope, double Noise);
}
