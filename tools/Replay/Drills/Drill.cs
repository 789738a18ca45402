namespace Replay.Drills;

/// <summary>Something that is done to a shop while orders flow, and how its services must take it.</summary>
/// <param name="Name">What it is asked for by.</param>
/// <param name="Purpose">What it shows, in a line.</param>
/// <param name="Orders">How long orders flow. They may end before the drill does: that is a collapse of traffic.</param>
/// <param name="Length">How long the drill takes.</param>
/// <param name="Steps">What is done, in the order of time.</param>
/// <param name="Expectations">How the services must take it.</param>
internal sealed record Drill(
    string Name, string Purpose, TimeSpan Orders, TimeSpan Length, IReadOnlyList<DrillStep> Steps, IReadOnlyList<DrillExpectation> Expectations)
{
    /// <summary>Parts of the drill whose orders are counted apart; none where there is nothing to compare.</summary>
    public IReadOnlyList<DrillPhase> Phases { get; init; } = [];

    /// <summary>The service whose canary is released, if any is.</summary>
    public string ReleasedService { get; init; } = "payments";
}

/// <summary>Something that is done.</summary>
/// <param name="At">When, from the first order on.</param>
/// <param name="What">What, as people say it.</param>
/// <param name="DoAsync">Does it.</param>
internal sealed record DrillStep(TimeSpan At, string What, Func<IDrillShop, CancellationToken, Task> DoAsync);

/// <summary>A part of a drill.</summary>
/// <param name="Name">Name of the part.</param>
/// <param name="From">From when on, counted from the first order.</param>
/// <param name="To">Until when.</param>
internal sealed record DrillPhase(string Name, TimeSpan From, TimeSpan To);

/// <summary>What must be.</summary>
/// <param name="Text">It, as a sentence.</param>
/// <param name="Holds">Whether it was, by the record of a run.</param>
internal sealed record DrillExpectation(string Text, Func<DrillRecord, bool> Holds);

/// <summary>What a drill does to a shop.</summary>
internal interface IDrillShop
{
    /// <summary>Makes the payment provider slow or fail, as the releases of Payments see it.</summary>
    Task SetWeatherAsync(int latencyMs, double errorRatio, bool seenByCanary, CancellationToken cancellationToken);

    /// <summary>Gives the canary of a service a defect: a <see cref="CanaryDefect"/> or a <see cref="ConsumerDefect"/>.</summary>
    Task SetDefectAsync(string service, object defect, CancellationToken cancellationToken);

    /// <summary>Begins to release the canary of a service.</summary>
    Task StartReleaseAsync(string service, CancellationToken cancellationToken);

    /// <summary>How far that release has come; null when nobody answers.</summary>
    Task<ReleaseLevel?> ReleaseAsync(string service, CancellationToken cancellationToken);

    /// <summary>Gives a scope of the policies a text.</summary>
    Task SetPolicyAsync(string scope, string yaml, CancellationToken cancellationToken);

    /// <summary>How far each instance of the services is degraded now; one that does not answer is left out.</summary>
    Task<IReadOnlyList<InstanceLevel>> LevelsAsync(CancellationToken cancellationToken);
}

/// <summary>What is wrong with the canary of a consumer.</summary>
/// <param name="LatencyMs">What a batch takes longer.</param>
/// <param name="FailRatio">The share of the orders whose events it cannot handle.</param>
internal sealed record ConsumerDefect(int LatencyMs = 0, double FailRatio = 0);

/// <summary>What is wrong with the canary of Payments.</summary>
/// <param name="AmountFactor">What it charges, as a factor of what it should.</param>
/// <param name="LatencyMs">What a charge takes longer.</param>
/// <param name="BreaksShape">Whether its answers have another shape.</param>
internal sealed record CanaryDefect(decimal AmountFactor = 1, int LatencyMs = 0, bool BreaksShape = false);

/// <summary>How far a release has come.</summary>
/// <param name="Stage">Name of the stage.</param>
/// <param name="Share">The canary's share.</param>
/// <param name="Reason">Why.</param>
/// <param name="FailedChecks">Names of the comparisons that it failed by.</param>
internal sealed record ReleaseLevel(string Stage, double Share, string Reason, IReadOnlyList<string> FailedChecks);

/// <summary>How far an instance is degraded.</summary>
/// <param name="Instance">Its name, for example <c>orders-1</c>.</param>
/// <param name="Service">Its service.</param>
/// <param name="Level">Name of the level.</param>
/// <param name="NormalShare">Share of the requests that are served as always.</param>
/// <param name="Reason">Why it came there; empty where it always was.</param>
internal sealed record InstanceLevel(string Instance, string Service, string Level, double NormalShare, string Reason);
