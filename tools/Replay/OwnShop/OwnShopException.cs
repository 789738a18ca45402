namespace Replay.OwnShop;

/// <summary>The shop could not be started; the message says why, in words for the user.</summary>
internal sealed class OwnShopException(string message) : Exception(message);
