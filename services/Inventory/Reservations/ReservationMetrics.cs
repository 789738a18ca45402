using System.Diagnostics.Metrics;
using Outcome = ResilientShop.Contracts.Inventory.V1.ReserveReply.Types.Outcome;

namespace ResilientShop.Inventory.Reservations;

/// <summary>Counts reserve calls by outcome: a rising share of shortages is news for the buyers of the shop.</summary>
internal sealed class ReservationMetrics
{
    private readonly Counter<long> _reserves;

    public ReservationMetrics(IMeterFactory meters) =>
        _reserves = meters.Create("ResilientShop.Inventory")
            .CreateCounter<long>("inventory.reserve.count", "{call}", "Reserve calls by outcome; repeats of an order count again.");

    public void Reserved(Outcome outcome) => _reserves.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
}
