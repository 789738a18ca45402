using Policy.Output;

namespace Policy.Changes;

/// <summary>What the instances said last.</summary>
/// <param name="Instances">Those that live.</param>
/// <param name="Problem">Why they could not be asked; null when they could.</param>
internal sealed record InstanceAnswers(IReadOnlyList<Acknowledgement> Instances, PolicyStoreException? Problem);

/// <summary>Waits until every live instance has taken or refused what a store holds.</summary>
internal sealed class InstanceWait(IPolicyStore store, PolicyConsole console, TimeProvider time)
{
    // Instances follow within a fraction of a second; asking is one small read.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits at most so long; asks at least once. A store that is away for a moment is asked again.</summary>
    public async Task<InstanceAnswers> UntilSettledAsync(StoredPolicies wanted, TimeSpan most, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var line = new ProgressLine(console);
        while (true)
        {
            var answers = await AskAsync(cancellationToken);
            if (answers.Problem is null && answers.Instances.Count > 0)
            {
                line.Show(Progress(answers.Instances, wanted));
            }

            var left = most - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || (answers.Problem is null && answers.Instances.All(instance => instance.IsSettled(wanted))))
            {
                return answers;
            }

            await Task.Delay(left < Interval ? left : Interval, time, cancellationToken);
        }
    }

    /// <summary>How far it is, for example <c>5/6 instances run revision 41</c>.</summary>
    public static string Progress(IReadOnlyList<Acknowledgement> instances, StoredPolicies wanted) =>
        FormattableString.Invariant($"{instances.Count(instance => instance.Runs(wanted))}/{instances.Count} instances run revision {wanted.Revision}");

    private async Task<InstanceAnswers> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new InstanceAnswers(await store.AcknowledgementsAsync(cancellationToken), null);
        }
        catch (PolicyStoreException problem)
        {
            return new InstanceAnswers([], problem);
        }
    }
}
