namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Tells a release gate how one of the two groups of a consumer does. Without a name or somebody who counts it does nothing. Thread-safe.</summary>
internal sealed class ReleaseComparison(KafkaConsumerOptions options, ResilienceMetrics? metrics)
{
    /// <summary>Lets the counts begin at zero, so that the first failure is seen.</summary>
    public void Begin()
    {
        if (options.ReleaseName is { } name)
        {
            metrics?.ReleaseCountsBegin(name);
        }
    }

    /// <summary>Messages were handled together. That is one piece of work however many there were: what has piled up before a group began would weigh too much otherwise.</summary>
    /// <param name="plan">By what they were the group's. Without a split there is nothing to compare.</param>
    /// <param name="took">How long it took.</param>
    /// <param name="handled">So many had their effect.</param>
    /// <param name="failed">So many could not be handled.</param>
    public void Handled(SplitPlan plan, TimeSpan took, int handled, int failed)
    {
        if (options.ReleaseName is not { } name || metrics is null || plan.Version == 0 || handled + failed == 0)
        {
            return;
        }

        metrics.ReleaseTook(name, options.Channel, took);
        metrics.ReleaseChecked(name, options.Channel, hasPassed: true, handled);
        metrics.ReleaseChecked(name, options.Channel, hasPassed: false, failed);
    }
}
