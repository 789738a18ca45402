using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.HostService.NewSaga;

/// <summary>
/// Whom the saga asks, for example another service by a client with tiers (<c>AddResilientHttpClient</c>). Each call is idempotent by the saga's id: after a crash it is made again.
/// It answers <see cref="StepOutcome.Done"/>, <see cref="StepOutcome.Transient"/> for what may pass, <see cref="StepOutcome.Refused"/> for what never will and had no effect.
/// </summary>
internal interface INewSagaPartner
{
    Task<StepOutcome> BookAsync(Guid saga, string what, CancellationToken cancellationToken);

    Task<StepOutcome> CancelAsync(Guid saga, CancellationToken cancellationToken);

    Task<StepOutcome> ConfirmAsync(Guid saga, CancellationToken cancellationToken);

    Task<StepOutcome> WithdrawAsync(Guid saga, CancellationToken cancellationToken);
}
