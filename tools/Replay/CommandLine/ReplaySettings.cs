using Replay.Drills;
using Replay.Faults;
using Replay.Load;
using Replay.OwnShop;
using Replay.Shop;

namespace Replay.CommandLine;

/// <summary>
/// A command line that was found right. Either <see cref="File"/> or <see cref="Sale"/> is set. <see cref="Passes"/> is null where it was left to the tool;
/// <see cref="Gateway"/> means nothing with a <see cref="Shop"/>, which the tool starts itself. There are neither <see cref="Faults"/> nor a <see cref="Drill"/> without one.
/// </summary>
internal sealed record ReplaySettings(
    string? File,
    (int Buyers, int Stock)? Sale,
    Uri Gateway,
    bool GatewayIsLocal,
    LoadSettings Load,
    RetrySchedule Retries,
    string RunId,
    string Token,
    int? Limit,
    int? Passes,
    int Shown,
    string? Report,
    OwnShopSettings? Shop,
    FaultSettings? Faults,
    Drill? Drill,
    string? Chart);
