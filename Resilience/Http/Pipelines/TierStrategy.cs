using Polly;
using Polly.Timeout;

namespace ResilientShop.Resilience.Http;

/// <summary>Hands a Polly callback to the pipeline as a call.</summary>
internal sealed class TierStrategy<TResult>(TierStrategyOptions<TResult> options) : ResilienceStrategy<TResult>
{
    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        try
        {
            return await TierPipeline.ExecuteAsync<Call<TState>, Outcome<TResult>>(
                options.Dependency!, new Call<TState>(options, callback, context, state), Deadline.None, context.CancellationToken)
                .ConfigureAwait(context.ContinueOnCapturedContext);
        }
        catch (OperationCanceledException exception)
        {
            return Outcome.FromException<TResult>(exception);
        }
    }

    private readonly struct Call<TState>(
        TierStrategyOptions<TResult> options, Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        : ITieredCall<Outcome<TResult>>
    {
        public Idempotency Idempotency => options.Idempotency;

        public bool CanRepeat => true;

        public Task<Outcome<TResult>> StartAsync(in Attempt attempt, CancellationToken cancellationToken)
        {
            // The context's own token stays: Polly's timeout strategy below links it with the attempt's time.
            context.Properties.Set(TierPipelineBuilderExtensions.AttemptTimeout, attempt.Timeout);
            return callback(context, state).AsTask();
        }

        public bool IsWhole(Outcome<TResult> result) => true;

        public Task ReadAsync(Outcome<TResult> result, CancellationToken cancellationToken) => Task.CompletedTask;

        public Verdict Judge(Outcome<TResult> result, FailureClassifier classifier) => result.Exception switch
        {
            null => options.Judge(result.Result!, classifier),
            TimeoutRejectedException => Verdict.AttemptTimeout,
            OperationCanceledException when context.CancellationToken.IsCancellationRequested => Verdict.Abandoned,
            { } exception => classifier.OfException(exception),
        };

        public Verdict Judge(Exception exception, FailureClassifier classifier) => classifier.OfException(exception);

        public void Discard(Outcome<TResult> result)
        {
            if (result.Result is IDisposable disposable)
            {
                disposable.Dispose();
            }
        }

        public Task<Outcome<TResult>> RefuseAsync(in Refusal refusal, Exception? cause) =>
            Task.FromResult(Outcome.FromException<TResult>(refusal.ToException(cause)));
    }
}
