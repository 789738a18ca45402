namespace Replay.Faults;

/// <summary>
/// Something of the shop that faults hit. <paramref name="Name"/> is its name in the AppHost's ready file; the broker has none of its own.
/// </summary>
/// <param name="Name">For people, and for the report.</param>
/// <param name="MayDie">Whether it loses nothing by dying. The broker lives in the memory of the AppHost, so it is only ever paused.</param>
internal sealed record FaultTarget(string Name, bool MayDie)
{
    /// <summary>The in-memory broker: the AppHost's own process.</summary>
    public static FaultTarget Broker { get; } = new("broker", MayDie: false);

    /// <summary>The database server; a pause takes its whole family of processes.</summary>
    public static FaultTarget Database { get; } = new("postgres", MayDie: true);

    /// <summary>All there are, in the order in which they are reported.</summary>
    public static IReadOnlyList<FaultTarget> All { get; } =
    [
        new("orders-1", MayDie: true), new("orders-2", MayDie: true), new("inventory-1", MayDie: true), new("payments-1", MayDie: true), Database, Broker,
    ];
}
