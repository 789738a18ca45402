using Confluent.Kafka;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Messages of a batch that are handled in one transaction. Immutable.</summary>
/// <param name="Own">Those that are the group's to handle, in the order of their partitions.</param>
/// <param name="Places">Where the partitions go on after it, those with nothing but messages of the other group included.</param>
/// <param name="Plan">By what it was said whose they are.</param>
internal sealed record ConsumedSlice<T>(IReadOnlyList<ConsumedEntry<T>> Own, IReadOnlyList<TopicPartitionOffset> Places, SplitPlan Plan);
