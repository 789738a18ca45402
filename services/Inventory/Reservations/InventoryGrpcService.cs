using Grpc.Core;
using ResilientShop.Contracts;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.Inventory.Stock;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Inventory.Reservations;

/// <summary>The gRPC face of Inventory: what the order saga asks.</summary>
internal sealed class InventoryGrpcService(
    ReservationTable reservations, StockTable stock, LastKnownStock lastKnown, ReservationMetrics metrics) : InventoryService.InventoryServiceBase
{
    public override async Task<ReserveReply> Reserve(ReserveRequest request, ServerCallContext context)
    {
        var orderId = ReservationLines.ParseOrderId(request.OrderId);
        var lines = ReservationLines.Parse(request.Lines);
        var reply = await reservations.ReserveAsync(orderId, lines, context.CancellationToken);
        metrics.Reserved(reply.Outcome);
        return reply;
    }

    public override async Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context)
    {
        await reservations.ReleaseAsync(ReservationLines.ParseOrderId(request.OrderId), context.CancellationToken);
        return new ReleaseReply();
    }

    public override async Task<FindUnknownSkusReply> FindUnknownSkus(FindUnknownSkusRequest request, ServerCallContext context)
    {
        if (request.Skus.Count > ReservationLines.MostLines)
        {
            throw ReservationLines.InvalidArgument($"skus has {request.Skus.Count} entries; it must have at most {ReservationLines.MostLines}.");
        }

        // PostgreSQL has no text with U+0000 in it, and no sku has a control character: such a name is simply unknown.
        var askable = request.Skus.Where(sku => StockRules.CheckSku(sku) is null).ToArray();
        var reply = new FindUnknownSkusReply();
        var degradation = context.GetHttpContext().Degradation();
        if (!degradation.TakesNormalWay && askable.All(sku => lastKnown.Find(sku) is not null))
        {
            degradation.Say(StockDegradation.LastKnownStock);
            reply.Unknown.AddRange(request.Skus.Except(askable));
            return reply;
        }

        reply.Unknown.AddRange(request.Skus.Except(askable));
        reply.Unknown.AddRange(await stock.FindUnknownAsync(askable, context.CancellationToken));
        return reply;
    }
}
