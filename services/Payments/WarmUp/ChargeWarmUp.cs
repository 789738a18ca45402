using System.Transactions;
using ResilientShop.Contracts;
using ResilientShop.Payments.Charging;
using ResilientShop.ServiceDefaults.WarmUp;

namespace ResilientShop.Payments.WarmUp;

/// <summary>Charges with a token that the provider does not know, in a transaction that is rolled back: nothing is kept here or there.</summary>
internal sealed class ChargeWarmUp(IServiceScopeFactory scopes) : IWarmUp
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        using var rolledBack = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
        await scope.ServiceProvider.GetRequiredService<ChargeEndpoint>().HandleAsync(
            new ChargeRequest(Guid.NewGuid(), 1m, "GBP", "warm-up"), new DefaultHttpContext().Response, cancellationToken);
    }
}
