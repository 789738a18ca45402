using System.Diagnostics.Metrics;
using ResilientShop.Payments.ProviderClient;

namespace ResilientShop.Payments.Charging;

/// <summary>Counts what the provider answered to charges.</summary>
internal sealed class ChargeMetrics
{
    private readonly Counter<long> _charges;

    public ChargeMetrics(IMeterFactory meters) =>
        _charges = meters.Create("ResilientShop.Payments")
            .CreateCounter<long>("payments.provider.charge.count", "{call}", "Charges asked of the provider, by outcome; repeats count again.");

    public void Charged(ProviderOutcome outcome) => _charges.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
}
