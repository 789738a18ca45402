using Confluent.Kafka;
using Npgsql;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Releasing;

/// <summary>Gives the canary of a Kafka consumer the share of the keys that its gate says. Thread-safe.</summary>
/// <param name="topic">The topic, for messages.</param>
/// <param name="splits">The split of the topic.</param>
internal sealed class ConsumerRelease(string topic, ConsumerSplits splits) : IReleaseFollower
{
    public async Task<bool> SetShareAsync(double share, string releaseId, string reason, CancellationToken cancellationToken)
    {
        try
        {
            await splits.SetShareAsync(share, releaseId, reason, cancellationToken);
            return true;
        }
        catch (ReleaseRolledBackException)
        {
            return false;
        }
        catch (Exception exception) when (IsPassing(exception))
        {
            throw new PolicyStoreException(PolicyStoreFailure.Unavailable, $"The canary's share of {topic} cannot be set now: {exception.Message}", exception);
        }
    }

    public async Task RollBackAsync(string reason, CancellationToken cancellationToken)
    {
        try
        {
            await splits.RollBackAsync(reason, cancellationToken);
        }
        catch (Exception exception) when (IsPassing(exception))
        {
            throw new PolicyStoreException(PolicyStoreFailure.Unavailable, $"The canary of {topic} cannot be rolled back now: {exception.Message}", exception);
        }
    }

    private static bool IsPassing(Exception exception) => exception is KafkaException or TimeoutException or NpgsqlException;
}
