using ResilientShop.Replay.Load;
using ResilientShop.Replay.Shop;

namespace ResilientShop.Replay.CommandLine;

/// <summary>A command line that was found right. Either <see cref="File"/> or <see cref="Sale"/> is set.</summary>
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
    int Passes,
    int Shown,
    string? Report);
