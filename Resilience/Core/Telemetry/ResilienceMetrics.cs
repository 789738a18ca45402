using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience;

/// <summary>
/// What the tiers count, on meter and activity source <see cref="Name"/>. Nothing is recorded for a call that works at once; the HTTP client's own
/// metrics tell that. Every instrument has the labels <c>dependency</c> and <c>channel</c>. Thread-safe.
/// </summary>
public sealed class ResilienceMetrics : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "ResilientShop.Resilience";

    internal static readonly ActivitySource Source = new(Name);

    /// <summary>From 1 ms to 30 s, each a quarter above the one before: a P95 is off by no more than that.</summary>
    private static readonly double[] ReleaseBuckets = [.. Enumerable.Range(0, 48).Select(index => Math.Round(0.001 * Math.Pow(1.25, index), 6))];

    private static readonly object[] Counts = [.. Enumerable.Range(0, 32).Select(count => (object)count)];

    private const string Passed = "pass";
    private const string Failed = "fail";

    private readonly Meter _meter;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _backoffs;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _deadlines;
    private readonly Counter<long> _budget;
    private readonly Counter<long> _transitions;
    private readonly Counter<long> _spent;
    private readonly Counter<long> _ignored;
    private readonly Counter<long> _moves;
    private readonly Counter<long> _degraded;
    private readonly Counter<long> _checks;
    private readonly Histogram<double> _served;

    /// <summary>Creates the instruments; <paramref name="meters"/> gives the meter where a host has one.</summary>
    public ResilienceMetrics(IMeterFactory? meters = null)
    {
        _meter = meters?.Create(Name) ?? new Meter(Name);
        _retries = _meter.CreateCounter<long>("http.client.retry.count", "{retry}", "Retries, by what the attempt before failed of.");
        _backoffs = _meter.CreateHistogram<double>("http.client.retry.backoff.ms", "ms", "Waits before retries.");
        _refusals = _meter.CreateCounter<long>("resilience.call.refused.count", "{call}", "Calls that the tiers ended themselves, by why.");
        _deadlines = _meter.CreateCounter<long>("resilience.deadline.exhausted.count", "{call}", "Calls that ended because not enough time was left for an attempt.");
        _budget = _meter.CreateCounter<long>("resilience.retry.budget.refused.count", "{retry}", "Retries that the budget did not allow.");
        _transitions = _meter.CreateCounter<long>("resilience.breaker.transition.count", "{transition}", "Changes of a breaker's state, by the new state.");
        _spent = _meter.CreateCounter<long>("resilience.deadline.spent.count", "{request}", "Requests refused by a server because their deadline was spent when they arrived.");
        _ignored = _meter.CreateCounter<long>("resilience.header.ignored.count", "{header}", "Control headers with a value that is none; they were ignored.");
        _moves = _meter.CreateCounter<long>("resilience.degradation.change.count", "{change}", "Changes of a service's degradation, by the new level.");
        _degraded = _meter.CreateCounter<long>("resilience.degradation.answer.count", "{answer}", "Answers that took a cheaper way, by its name.");
        _checks = _meter.CreateCounter<long>("resilience.release.check.count", "{check}", "What was checked of a service with a canary, by release, check and result.");
        _served = _meter.CreateHistogram(
            "resilience.release.call.duration", "s", "Attempts at calls to a service with a canary, or at messages that it handles, by release.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = ReleaseBuckets });
    }

    /// <summary>Lets the gauges of <paramref name="dependencies"/> be observed.</summary>
    internal void Observe(Func<IEnumerable<Dependency>> dependencies)
    {
        _meter.CreateObservableGauge(
            "resilience.breaker.state",
            () => dependencies().SelectMany(dependency => dependency.Breakers).Select(breaker => new Measurement<int>(
                (int)breaker.State, Label("dependency", breaker.Dependency), Label("channel", breaker.Channel.ToName()))),
            description: "State of each circuit breaker: 0 closed, 1 half-open, 2 open, 3 isolated, 4 forced.");
        _meter.CreateObservableGauge(
            "resilience.retry.budget.used",
            () => dependencies().Where(dependency => dependency.Budget is not null).Select(dependency => new Measurement<long>(
                dependency.Budget!.Sample.Retries, Label("dependency", dependency.Name))),
            "{retry}",
            "Retries within the budget's window.");
    }

    /// <summary>Lets the level and the signals of <paramref name="service"/> be observed.</summary>
    internal void Observe(ServiceDegradation service)
    {
        var name = Label("service", service.Service);
        _meter.CreateObservableGauge(
            "resilience.degradation.level", () => new Measurement<int>((int)service.Current.Level, name),
            description: "How far a service is degraded: 0 normal, 1 alert, 2 degraded, 3 broken.");
        _meter.CreateObservableGauge(
            "resilience.degradation.normal.share", () => new Measurement<double>(service.Current.NormalShare, name), "1", "Share of the requests that are served as always.");
        _meter.CreateObservableGauge(
            "resilience.signal.p99", () => new Measurement<double>(service.Reading.All.P99.TotalSeconds, name), "s", "P99 of the service's own sliding window.");
        _meter.CreateObservableGauge(
            "resilience.signal.error.ratio", () => Known(service.Reading.All is { Requests: > 0 } all ? all.ErrorRatio : null, name), "1", "Share of failed requests in that window.");
        _meter.CreateObservableGauge("resilience.signal.slope", () => Known(service.Reading.Slope, name), "1/s2", "How fast the rate of requests rises or falls.");
    }

    /// <summary>A server refused a request whose deadline was spent.</summary>
    public void DeadlineSpent() => _spent.Add(1);

    /// <summary>A server ignored a control header whose value is none.</summary>
    public void HeaderIgnored(string header) => _ignored.Add(1, Label("header", header));

    /// <summary>
    /// Notes how long a piece of work of a release took, for the release gate. Clients of a service with a canary do it by themselves; this is for what nobody calls, such as a
    /// consumer of messages. Thread-safe.
    /// </summary>
    /// <param name="service">Name of the service that has two releases.</param>
    /// <param name="channel">The release that did it.</param>
    /// <param name="took">How long it took.</param>
    public void ReleaseTook(string service, ReleaseChannel channel, TimeSpan took) =>
        _served.Record(took.TotalSeconds, Label("dependency", service), Label("channel", channel.ToName()));

    /// <summary>Counts what was checked of a release's work, for the release gate: by default whether it succeeded. Thread-safe.</summary>
    /// <param name="service">Name of the service that has two releases.</param>
    /// <param name="channel">The release that did it.</param>
    /// <param name="hasPassed">Whether it was right.</param>
    /// <param name="count">How often.</param>
    /// <param name="check">Name of the check. Few names: each is a series.</param>
    public void ReleaseChecked(string service, ReleaseChannel channel, bool hasPassed, int count = 1, string check = ReleaseGate.Success) => _checks.Add(
        count,
        Label("dependency", service),
        Label("channel", channel.ToName()),
        Label("check", check),
        Label("result", hasPassed ? Passed : Failed));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Retried(Dependency dependency, ReleaseChannel channel, Tier tier, string reason, int retry, TimeSpan backoff)
    {
        KeyValuePair<string, object?> name = Label("dependency", dependency.Name), release = Label("channel", channel.ToName()), who = Label("tier", tier.ToName());
        _retries.Add(1, new TagList { Label("failure_reason", reason), who, name, release });
        _backoffs.Record(backoff.TotalMilliseconds, new TagList { Label("retry_count", Boxed(retry)), who, name, release });
    }

    internal void Refused(in Refusal refusal)
    {
        KeyValuePair<string, object?> name = Label("dependency", refusal.Dependency), release = Label("channel", refusal.Channel.ToName());
        _refusals.Add(1, Label("error.type", refusal.Code), name, release);
        if (refusal.Kind == RefusalKind.NotEnoughTime)
        {
            _deadlines.Add(1, name, release);
        }
    }

    internal void BudgetRefused(Dependency dependency, ReleaseChannel channel) =>
        _budget.Add(1, Label("dependency", dependency.Name), Label("channel", channel.ToName()));

    internal void Moved(BreakerTransition transition) => _transitions.Add(
        1,
        Label("state", transition.To.ToString()),
        Label("dependency", transition.Dependency),
        Label("channel", transition.Channel.ToName()));

    internal void Moved(DegradationChange change) => _moves.Add(1, Label("level", change.To.Level.ToString()), Label("service", change.Service));

    internal void Degraded(string service, string mode) => _degraded.Add(1, Label("mode", mode), Label("service", service));

    /// <summary>An attempt at a dependency with a canary has ended. One that tells nothing of the dependency is not counted.</summary>
    internal void Served(Dependency dependency, ReleaseChannel channel, TimeSpan took, in Verdict verdict)
    {
        if (verdict.Outcome != AttemptOutcome.Abandoned)
        {
            ReleaseTook(dependency.Name, channel, took);
            ReleaseChecked(dependency.Name, channel, verdict is { IsDependencyFault: false, IsRefusal: false });
        }
    }

    /// <summary>
    /// Lets the counts of a check begin at zero: a counter that appears with its first count hides that one from Prometheus' <c>increase</c>. Thread-safe.
    /// </summary>
    /// <param name="service">Name of the service that has two releases.</param>
    /// <param name="check">The check; without it, whether it succeeded.</param>
    public void ReleaseCountsBegin(string service, string check = ReleaseGate.Success)
    {
        foreach (var channel in (ReadOnlySpan<ReleaseChannel>)[ReleaseChannel.Stable, ReleaseChannel.Canary])
        {
            foreach (var result in (ReadOnlySpan<string>)[Passed, Failed])
            {
                _checks.Add(0, Label("dependency", service), Label("channel", channel.ToName()), Label("check", check), Label("result", result));
            }
        }
    }

    private static IEnumerable<Measurement<double>> Known(double? value, KeyValuePair<string, object?> label) => value is { } known ? [new Measurement<double>(known, label)] : [];

    private static object Boxed(int count) => (uint)count < (uint)Counts.Length ? Counts[count] : count;

    private static KeyValuePair<string, object?> Label(string name, object? value) => new(name, value);
}
