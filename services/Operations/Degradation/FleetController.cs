using System.Globalization;
using ResilientShop.Resilience;

namespace ResilientShop.Operations.Degradation;

/// <summary>
/// Decides for all instances of one service, by the same rules as an instance does for itself, while nobody else says anything of it. What is not known changes nothing and proves
/// nothing: its clock, by which cooldowns and steps pass, stands still meanwhile, and after <see cref="LongestGap"/> it takes back what it said. Asks nobody and waits for nothing;
/// for one caller.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="name">By whom its word is.</param>
internal sealed class FleetController(string service, string name)
{
    /// <summary>After this time without signals it takes back its word, and the instances' own signals decide again.</summary>
    public static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(30);

    /// <summary>Readings come each second; of a longer pause than this nobody knows what happened in it.</summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(3);

    private TimeSpan _known;
    private TimeSpan? _lastKnownAt;
    private TimeSpan? _missingSince;
    private TimeSpan _movedAt;

    /// <summary>Where it stands.</summary>
    public DegradationState State { get; private set; } = DegradationState.Initial;

    /// <summary>What it says of the fleet; null while it says nothing.</summary>
    public FleetDegradation? Word { get; private set; }

    /// <summary>For how long the requests have come by which its step of recovery is judged; null while there is none.</summary>
    /// <param name="now">Now, on a monotonic clock.</param>
    public TimeSpan? StepAge(TimeSpan now) => State.IsRecovering ? now - _movedAt : null;

    /// <summary>Takes what is known now.</summary>
    /// <param name="reading">The signals, and why there are none.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="others">What somebody else says of the service.</param>
    /// <param name="now">Now, on a monotonic clock.</param>
    /// <param name="at">Now, for the record.</param>
    /// <returns>What it changed, or null.</returns>
    public FleetDecision? Take(FleetReading reading, DegradationPolicy policy, FleetDegradation? others, TimeSpan now, DateTimeOffset at)
    {
        var passed = _missingSince is null && now - _lastKnownAt is { } step && step <= LongestStep ? step : TimeSpan.Zero;
        if (reading.Problem is { } problem)
        {
            _missingSince ??= now;
        }
        else
        {
            (_known, _lastKnownAt, _missingSince) = (_known + passed, now, null);
        }

        if (!policy.IsEnabled)
        {
            return Yield("The policy says that the service does not degrade", reading, policy, at);
        }

        if (others is not null)
        {
            return Yield($"{others.By} says {others.Level.ToName()}", reading, policy, at);
        }

        if (reading.Problem is not null)
        {
            return now - _missingSince < LongestGap
                ? null
                : Yield(
                    string.Create(CultureInfo.InvariantCulture, $"Nothing was known of its signals for {LongestGap.TotalSeconds:0} s, the instances' own decide: {reading.Problem}"), reading, policy, at);
        }

        return DegradationEngine.Decide(State, reading.Evidence with { Recovered = reading.Signals.Recovered }, policy, _known) is { } decision
            ? Move(decision.To, decision.Reason, reading, policy, now, at)
            : null;
    }

    /// <summary>Takes back its word: another's holds.</summary>
    public FleetDecision? Yield(string reason, FleetReading reading, DegradationPolicy policy, DateTimeOffset at) =>
        State.Level == DegradationLevel.Normal ? null : Move(DegradationState.Initial, reason, reading, policy, _movedAt, at);

    private FleetDecision Move(DegradationState to, string reason, FleetReading reading, DegradationPolicy policy, TimeSpan now, DateTimeOffset at)
    {
        var from = State;
        (State, _movedAt) = (to, now);
        Word = to.Level < DegradationLevel.Degraded ? null : new FleetDegradation(to.Level, to.NormalShare(policy), IsForced: false, reason, name, at);
        return new FleetDecision(at, service, from.Level.ToName(), to.Level.ToName(), to.NormalShare(policy), reason, FleetSignalView.Of(reading, policy));
    }
}
