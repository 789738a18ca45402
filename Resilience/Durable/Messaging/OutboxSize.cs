namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What lies in the outbox.</summary>
/// <param name="Pending">Messages that wait for the broker.</param>
/// <param name="OldestAge">Age of the oldest of them; zero when there is none.</param>
/// <param name="Parked">Messages the broker will never take.</param>
internal readonly record struct OutboxSize(long Pending, TimeSpan OldestAge, long Parked);
