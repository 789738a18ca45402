namespace Replay.Shop;

/// <summary>What the tool reads of an RFC 9457 problem. <paramref name="OrderId"/> is there when the problem is the answer to an order.</summary>
internal sealed record ProblemBody(string? Title, string? Detail, string? Code, Guid? OrderId);
