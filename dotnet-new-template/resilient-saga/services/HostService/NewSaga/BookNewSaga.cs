using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.HostService.NewSaga;

/// <summary>Books it; its compensation cancels the booking, also one of which nobody knows whether it came about.</summary>
internal sealed class BookNewSaga(INewSagaPartner partner) : ICompensableStep
{
    public string Name => "book";

    public RetryStrategy Retry => RetryStrategy.Exponential;

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken) => partner.BookAsync(saga.Id, saga.Data<NewSagaData>().What, cancellationToken);

    public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken) => partner.CancelAsync(saga.Id, cancellationToken);
}
