namespace Replay.OnlineRetail;

/// <summary>The file as a whole cannot be replayed. The message is one sentence that says why and what would be right.</summary>
internal sealed class RetailFileException(string message) : Exception(message);
