namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Whose messages are was said anew after a batch was sorted by it: the batch is to be read again.</summary>
internal sealed class SplitsChangedException() : Exception("The split between the stable consumer and its canary has changed.");
