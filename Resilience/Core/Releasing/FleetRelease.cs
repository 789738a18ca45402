namespace ResilientShop.Resilience;

/// <summary>How far the release of a service's canary has come, said by its gate or by an operator. Immutable.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Share">While it is analysed: the share of the sessions that did not choose for themselves and go to the canary, from 0 to 1.</param>
/// <param name="Id">Tells one attempt to release from the next: who goes to the canary is drawn anew with each.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who says so.</param>
/// <param name="Since">Since when.</param>
public sealed record FleetRelease(ReleaseStage Stage, double Share, string Id, string Reason, string By, DateTimeOffset Since)
{
    /// <summary>Which release serves a request of <paramref name="asked"/> where <paramref name="release"/> is said, or nothing.</summary>
    /// <param name="release">What is said of the service; null when nobody is releasing anything.</param>
    /// <param name="asked">The channel of the request.</param>
    public static ReleaseChannel Serves(FleetRelease? release, ReleaseChannel asked) => release?.Stage switch
    {
        ReleaseStage.Promoted => ReleaseChannel.Canary,
        ReleaseStage.RolledBack => ReleaseChannel.Stable,
        _ => asked,
    };
}

/// <summary>How far a release has come.</summary>
public enum ReleaseStage
{
    /// <summary>The canary serves a share of the traffic and is compared with the stable release.</summary>
    Analysing,

    /// <summary>The canary serves everything: it is to become the stable release.</summary>
    Promoted,

    /// <summary>The canary serves nothing, not even who asks for it.</summary>
    RolledBack,
}

/// <summary>Stages by their names on the wire: <c>analysing</c>, <c>promoted</c>, <c>rolled-back</c>.</summary>
public static class ReleaseStages
{
    /// <summary>All names, for messages.</summary>
    public const string Names = "analysing, promoted or rolled-back";

    /// <summary>The name of a stage.</summary>
    public static string ToName(this ReleaseStage stage) => stage switch
    {
        ReleaseStage.Analysing => "analysing",
        ReleaseStage.Promoted => "promoted",
        _ => "rolled-back",
    };

    /// <summary>The stage of a name.</summary>
    public static bool TryParse(string? name, out ReleaseStage stage)
    {
        for (stage = ReleaseStage.Analysing; stage <= ReleaseStage.RolledBack; stage++)
        {
            if (stage.ToName() == name)
            {
                return true;
            }
        }

        stage = ReleaseStage.Analysing;
        return false;
    }
}
