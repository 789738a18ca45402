using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.HostService.NewSaga;

/// <summary>Confirms it; its compensation withdraws the confirmation.</summary>
internal sealed class ConfirmNewSaga(INewSagaPartner partner) : ICompensableStep
{
    public string Name => "confirm";

    public RetryStrategy Retry => RetryStrategy.Fixed;

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken) => partner.ConfirmAsync(saga.Id, cancellationToken);

    public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken) => partner.WithdrawAsync(saga.Id, cancellationToken);
}
