namespace Replay.OwnShop;

/// <summary>How the tool starts a shop of its own.</summary>
/// <param name="Build">Whether it is built before; else what was built earlier is run.</param>
/// <param name="Log">Where everything that the shop prints goes; null for nowhere.</param>
internal sealed record OwnShopSettings(bool Build, string? Log);
