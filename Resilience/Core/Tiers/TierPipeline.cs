using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ResilientShop.Resilience;

/// <summary>
/// Tiers L1 and L2 as one strategy: every attempt runs under what is left of one deadline, asks one breaker and is paid from one retry budget. Each
/// tier sees what the other knows, so attempts add up instead of multiplying.
/// </summary>
internal static class TierPipeline
{
    /// <summary>Makes a call. An attempt that works at once ends here: nothing is awaited, no timer starts, nothing is allocated.</summary>
    public static Task<TResult> ExecuteAsync<TCall, TResult>(Dependency dependency, TCall call, Deadline deadline, CancellationToken caller)
        where TCall : struct, ITieredCall<TResult>
    {
        if (caller.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(caller);
        }

        var progress = new CallProgress(dependency, deadline);
        if (!progress.TryStart(out var refusal) || !progress.TryBegin(Tier.None, out var attempt, out refusal))
        {
            return call.RefuseAsync(refusal, cause: null);
        }

        var cancellation = AttemptCancellation.Rent();
        var answer = Start<TCall, TResult>(call, attempt, cancellation);
        if (answer.IsCompletedSuccessfully && HasWorked(call, answer.Result, progress.Snapshot.Classifier, out var verdict))
        {
            cancellation.Dispose();
            progress.End(verdict, atOnce: true);
            return answer;
        }

        return AwaitAsync(progress, call, attempt, answer, cancellation, caller);
    }

    /// <summary>The whole algorithm, from the first attempt under way to the end of the call.</summary>
    private static async Task<TResult> AwaitAsync<TCall, TResult>(
        CallProgress progress, TCall call, Attempt attempt, Task<TResult> answer, AttemptCancellation cancellation, CancellationToken caller)
        where TCall : struct, ITieredCall<TResult>
    {
        Activity? span = null;
        while (true)
        {
            var (verdict, result, failure) = await EndAsync(progress.Snapshot, call, attempt, answer, cancellation, caller).ConfigureAwait(false);
            progress.End(verdict);
            CallSpans.EndRetry(span, verdict);
            if (verdict.Outcome == AttemptOutcome.Success)
            {
                return result!;
            }

            var decision = progress.Decide(call.Idempotency, call.CanRepeat);
            if (decision.Step != NextStep.Retry)
            {
                return await GiveUpAsync(progress, call, decision, verdict, result, failure, caller).ConfigureAwait(false);
            }

            Discard(call, result);
            progress.Dependency.Metrics.Retried(progress.Dependency, progress.Channel, decision.Tier, verdict.Reason, progress.Retries + 1, decision.Delay);
            span = CallSpans.StartRetry(progress.Dependency, progress.Channel, decision.Tier, verdict.Reason, progress.Retries + 1, decision.Delay);
            await WaitAsync(decision.Delay, progress.Dependency.Time, span, caller).ConfigureAwait(false);
            if (!progress.TryBegin(decision.Tier, out attempt, out var refusal))
            {
                span?.Dispose();
                return await call.RefuseAsync(refusal, failure).ConfigureAwait(false);
            }

            cancellation = AttemptCancellation.Rent();
            answer = Start<TCall, TResult>(call, attempt, cancellation);
        }
    }

    /// <summary>Whether an answer is whole and good. A judge that throws is heard again where the attempt ends, so that its breaker's ticket goes back.</summary>
    private static bool HasWorked<TCall, TResult>(TCall call, TResult result, FailureClassifier classifier, out Verdict verdict)
        where TCall : struct, ITieredCall<TResult>
    {
        verdict = default;
        try
        {
            if (!call.IsWhole(result))
            {
                return false;
            }

            verdict = call.Judge(result, classifier);
            return verdict.Outcome == AttemptOutcome.Success;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static Task<TResult> Start<TCall, TResult>(TCall call, in Attempt attempt, AttemptCancellation cancellation)
        where TCall : struct, ITieredCall<TResult>
    {
        try
        {
            return call.StartAsync(attempt, cancellation.Token);
        }
        catch (Exception exception)
        {
            return Task.FromException<TResult>(exception);
        }
    }

    /// <summary>Waits for the end of an attempt, within its time, and judges it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<(Verdict Verdict, TResult? Result, Exception? Failure)> EndAsync<TCall, TResult>(
        DependencySnapshot snapshot, TCall call, Attempt attempt, Task<TResult> answer, AttemptCancellation cancellation, CancellationToken caller)
        where TCall : struct, ITieredCall<TResult>
    {
        var result = default(TResult);
        try
        {
            if (!answer.IsCompleted || (answer.IsCompletedSuccessfully && !call.IsWhole(answer.Result)))
            {
                cancellation.Arm(attempt.Timeout, snapshot.Dependency.Time, caller);
            }

            result = await answer.ConfigureAwait(false);
            if (!call.IsWhole(result))
            {
                await call.ReadAsync(result, cancellation.Token).ConfigureAwait(false);
            }

            return (call.Judge(result, snapshot.Classifier), result, null);
        }
        catch (Exception exception)
        {
            Discard(call, result);
            var verdict = caller.IsCancellationRequested ? Verdict.Abandoned
                : cancellation.HasFired ? Verdict.AttemptTimeout
                : call.Judge(exception, snapshot.Classifier);
            return (verdict, default, exception);
        }
        finally
        {
            cancellation.Dispose();
        }
    }

    private static async ValueTask WaitAsync(TimeSpan delay, TimeProvider time, Activity? span, CancellationToken caller)
    {
        if (delay <= TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await Task.Delay(delay, time, caller).ConfigureAwait(false);
        }
        catch
        {
            span?.Dispose();
            throw;
        }
    }

    /// <summary>Ends a call without success: the dependency's own answer or exception where it has one, else a refusal that names the cause.</summary>
    private static Task<TResult> GiveUpAsync<TCall, TResult>(
        in CallProgress progress, TCall call, in RetryDecision decision, in Verdict verdict, TResult? result, Exception? failure, CancellationToken caller)
        where TCall : struct, ITieredCall<TResult>
    {
        if (verdict.Outcome == AttemptOutcome.Abandoned)
        {
            Discard(call, result);
            return Task.FromCanceled<TResult>(caller);
        }

        if (verdict.IsTransient)
        {
            CallSpans.NotRetried(decision.Why);
        }

        if (decision.Step == NextStep.NotEnoughTime)
        {
            Discard(call, result);
            return call.RefuseAsync(progress.Refuse(RefusalKind.NotEnoughTime), failure);
        }

        return failure switch
        {
            null => Task.FromResult(result!),
            _ when verdict.Reason == Verdict.AttemptTimeout.Reason => call.RefuseAsync(progress.Refuse(RefusalKind.AttemptTimeout), failure),
            _ => Task.FromException<TResult>(failure),
        };
    }

    private static void Discard<TCall, TResult>(TCall call, TResult? result)
        where TCall : struct, ITieredCall<TResult>
    {
        if (result is not null)
        {
            call.Discard(result);
        }
    }
}
