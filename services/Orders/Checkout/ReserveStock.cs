using Grpc.Core;
using Microsoft.Extensions.Options;
using ResilientShop.Contracts;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Orders.Checkout;

/// <summary>Takes the order's stock, all of it or nothing; its compensation puts it back.</summary>
internal sealed class ReserveStock(InventoryService.InventoryServiceClient inventory, IOptions<CheckoutOptions> options) : ICompensableStep
{
    public string Name => "reserve";

    public RetryStrategy Retry => RetryStrategy.Fixed;

    public TimeSpan Hold => options.Value.Hold;

    public async Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var request = new ReserveRequest { OrderId = saga.Id.ToString() };
        request.Lines.AddRange(saga.Data<Order>().Lines.Select(line =>
            new ReserveRequest.Types.Line { Sku = line.Sku, Quantity = DecimalValue.FromDecimal(line.Quantity) }));
        try
        {
            return Judge(await inventory.ReserveAsync(request, cancellationToken: cancellationToken));
        }
        catch (RpcException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Judge(exception);
        }
    }

    public async Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        try
        {
            await inventory.ReleaseAsync(new ReleaseRequest { OrderId = saga.Id.ToString() }, cancellationToken: cancellationToken);
            return StepOutcome.Done;
        }
        catch (RpcException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Judge(exception);
        }
    }

    private static StepOutcome Judge(ReserveReply reply) => reply.Outcome switch
    {
        ReserveReply.Types.Outcome.Reserved => StepOutcome.Done,
        ReserveReply.Types.Outcome.OutOfStock =>
            StepOutcome.Refused(ProblemCodes.OutOfStock, $"There is not enough of sku '{reply.Sku}' in stock."),
        ReserveReply.Types.Outcome.UnknownSku =>
            StepOutcome.Refused(ProblemCodes.UnknownSku, $"The catalog does not know sku '{reply.Sku}'."),
        ReserveReply.Types.Outcome.Released =>
            StepOutcome.Failed(ProblemCodes.InventoryUnavailable, "The order's stock was released before it could be reserved."),
        _ => StepOutcome.Transient(ProblemCodes.InventoryUnavailable, $"Inventory answered {reply.Outcome}, which this version does not know."),
    };

    /// <summary>Only what Inventory found wrong with the request itself will be wrong again.</summary>
    private static StepOutcome Judge(RpcException exception) => exception.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition
        ? StepOutcome.Failed(ProblemCodes.InventoryUnavailable, $"Inventory refused the reservation: {exception.Status.Detail}")
        : StepOutcome.Transient(ProblemCodes.InventoryUnavailable, $"Inventory could not be reached ({exception.StatusCode}).", GrpcPushback.Of(exception));
}
