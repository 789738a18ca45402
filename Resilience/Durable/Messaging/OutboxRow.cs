namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>A message as it lies in the table.</summary>
internal sealed record OutboxRow(long Id, OutboxMessage Message, string? TraceParent, ReleaseChannel Channel = ReleaseChannel.Stable);
