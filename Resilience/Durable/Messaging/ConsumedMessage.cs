namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>A message as its handler sees it.</summary>
/// <param name="MessageId">The same on every redelivery.</param>
/// <param name="Key">Key of the message; empty when it has none.</param>
/// <param name="Type">What the payload is, from the header; null when the sender did not say.</param>
/// <param name="Value">The decoded payload.</param>
/// <param name="Position">Topic, partition and offset, for logs.</param>
public sealed record ConsumedMessage<T>(string MessageId, string Key, string? Type, T Value, string Position)
{
    /// <summary>The release channel of the sender. Calls made for the message belong under it: <c>CallContext.Use(CallContext.Current with { Channel = message.Channel })</c>.</summary>
    public ReleaseChannel Channel { get; init; }
}
