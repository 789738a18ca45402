using Npgsql;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.WarmUp;

/// <summary>A saga without effects; its row is removed when it has ended.</summary>
internal static class WarmUpSaga
{
    public const string Name = "warm-up";

    public static SagaDefinition Define(IServiceProvider services) => SagaDefinition.Named(Name, version: 1)
        .Then(new Nothing())
        .Closes(new NothingLocal());

    private sealed class Nothing : ICompensableStep
    {
        public string Name => "nothing";

        public RetryStrategy Retry => RetryStrategy.Fixed;

        public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken) => Task.FromResult(StepOutcome.Done);

        public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken) => Task.FromResult(StepOutcome.Done);
    }

    private sealed class NothingLocal : ILocalSagaStep
    {
        public string Name => "end";

        public void Execute(SagaContext saga, NpgsqlBatch batch)
        {
            // Nothing to write: only the saga's own state changes.
        }

        public void Compensate(SagaContext saga, NpgsqlBatch batch)
        {
            // Nothing was written.
        }
    }
}
