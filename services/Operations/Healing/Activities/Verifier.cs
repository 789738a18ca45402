using Microsoft.Extensions.Options;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>Waits for what comes of a try, and says whether it is right now. Changes nothing. Thread-safe.</summary>
internal sealed class Verifier(HealingTable table, ServiceDoor door, OrderBooks books, IOptions<HealingOptions> options, TimeProvider time)
{
    private const string NotSent = "its message waits to be sent again";

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    /// <param name="letterId">The letter.</param>
    /// <param name="attempt">The try.</param>
    /// <param name="stillHere">Called at each look.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Verification> VerifyAsync(Guid letterId, int attempt, Action stillHere, CancellationToken cancellationToken)
    {
        var (letter, _) = await table.LetterAsync(letterId, cancellationToken);
        var began = time.GetTimestamp();
        var last = "nothing is known yet";
        var isSent = true;
        for (var look = 0; time.GetElapsedTime(began) < options.Value.VerifyWithin; look++)
        {
            stillHere();
            var (verification, now) = await LookAsync(letter, Replayer.MessageOf(letterId, attempt), cancellationToken);
            if (verification is not null)
            {
                return verification;
            }

            (last, isSent) = (now, now != NotSent);
            // Who is slow because it has much to do is not asked all the time.
            await Task.Delay(Backoff.Exponential(FirstLook, LongestLook, look), time, cancellationToken);
        }

        return new Verification(isSent ? Verification.Failed : Verification.Waiting, $"After {options.Value.VerifyWithin.TotalSeconds:0.#} s: {last}.");
    }

    /// <summary>Looks once.</summary>
    /// <param name="letter">The letter.</param>
    /// <param name="message">What its message was sent again as; nothing where it is a saga.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null while it is not known; and how it stands then.</returns>
    public Task<(Verification? Known, string Now)> LookAsync(DeadLetter letter, Guid message, CancellationToken cancellationToken) =>
        letter.Source.Kind == DeadLetterSource.SagaKind ? LookAtSagaAsync(letter, cancellationToken) : LookAtMessageAsync(letter, message, cancellationToken);

    private async Task<(Verification? Known, string Now)> LookAtSagaAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        try
        {
            var id = letter.Source.SagaId!.Value;
            var saga = await door.ReadAsync<SagaState>(letter.ServiceName, $"/sagas/{id}", cancellationToken);
            return saga switch
            {
                null => (new Verification(Verification.Failed, $"{letter.ServiceName} knows no saga {id}."), ""),
                { IsUnderWay: true } => (null, $"saga {id} is {saga.Status}"),
                { Status: "completed" or "compensated" } => await books.CheckAsync(letter.ServiceName, saga, id, cancellationToken),
                _ => (new Verification(Verification.Failed, $"It is {saga.Status} again: {saga.LastErrorCode}. {saga.LastError}"), ""),
            };
        }
        catch (ServiceSilentException problem)
        {
            return (null, problem.Message);
        }
    }

    private async Task<(Verification? Known, string Now)> LookAtMessageAsync(DeadLetter letter, Guid message, CancellationToken cancellationToken)
    {
        var (sentAt, failedAgain, receivedAt) = await table.RedrivenAsync(letter.Id, message, cancellationToken);
        if (sentAt is null)
        {
            return (null, NotSent);
        }

        if (failedAgain is not null)
        {
            return (new Verification(Verification.Failed, $"It failed again. {failedAgain}"), "");
        }

        // A group that could not handle it says so; one of another database says nothing when it could.
        var (since, quiet) = receivedAt is { } received ? (received, options.Value.QuietAfterHandled) : (sentAt.Value, options.Value.QuietAfterSent);
        return time.GetUtcNow() - since >= quiet
            ? (new Verification(Verification.Healed, receivedAt is not null ? $"Group {letter.Source.Group} has handled it." : FormattableString.Invariant($"Group {letter.Source.Group} did not complain for {quiet.TotalSeconds:0.#} s.")), "")
            : (null, "its message was sent again");
    }
}
