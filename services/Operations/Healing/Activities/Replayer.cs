using System.Security.Cryptography;
using System.Text;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>Has what failed tried again: a saga by its service, a message by a redrive to the group that failed. Repeating a try has no second effect. Thread-safe.</summary>
internal sealed class Replayer(HealingTable table, ServiceDoor door)
{
    /// <summary>The message of a redrive: the same for the same try of the same letter.</summary>
    public static Guid MessageOf(Guid letter, int attempt) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"healing {letter} {attempt}"))).AsSpan(0, 16));

    public async Task<ReplayResult> ReplayAsync(Guid letterId, int attempt, CancellationToken cancellationToken)
    {
        var (letter, _) = await table.LetterAsync(letterId, cancellationToken);
        if (letter.Source.Kind == DeadLetterSource.MessageKind)
        {
            if (RedrivePlan.RefusalOf(letter) is { } refusal)
            {
                return new ReplayResult(false, true, refusal);
            }

            await table.RedriveAsync(letterId, MessageOf(letterId, attempt), FormattableString.Invariant($"try {attempt}"), cancellationToken);
            return new ReplayResult(true, false, $"Its message is sent again to group {letter.Source.Group} of {letter.Source.Topic}.");
        }

        try
        {
            var saga = letter.Source.SagaId!.Value;
            var refused = await door.ActAsync(letter.ServiceName, saga, "retry", reason: null, HealingTable.Author, cancellationToken);

            // Where it cannot be tried again it has ended, and looking at it tells how.
            return new ReplayResult(true, false, refused ?? $"Saga {saga} of {letter.ServiceName} is tried again.");
        }
        catch (ServiceSilentException problem)
        {
            return new ReplayResult(false, false, problem.Message);
        }
    }
}
