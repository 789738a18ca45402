namespace ResilientShop.Replay.Drills;

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
    /// <summary>Makes the payment provider slow or fail.</summary>
    Task SetWeatherAsync(int latencyMs, double errorRatio, CancellationToken cancellationToken);

    /// <summary>Gives a scope of the policies a text.</summary>
    Task SetPolicyAsync(string scope, string yaml, CancellationToken cancellationToken);

    /// <summary>How far each instance of the services is degraded now; one that does not answer is left out.</summary>
    Task<IReadOnlyList<InstanceLevel>> LevelsAsync(CancellationToken cancellationToken);
}

/// <summary>How far an instance is degraded.</summary>
/// <param name="Instance">Its name, for example <c>orders-1</c>.</param>
/// <param name="Service">Its service.</param>
/// <param name="Level">Name of the level.</param>
/// <param name="NormalShare">Share of the requests that are served as always.</param>
/// <param name="Reason">Why it came there; empty where it always was.</param>
internal sealed record InstanceLevel(string Instance, string Service, string Level, double NormalShare, string Reason);
