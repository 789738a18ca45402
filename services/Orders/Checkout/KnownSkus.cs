using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Options;
using ResilientShop.Contracts;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.Resilience;

namespace ResilientShop.Orders.Checkout;

/// <summary>
/// Tells which skus of an order the catalog does not know, before anything is stored. A sku once known stays known, so only new ones are
/// asked for. When Inventory cannot be asked the order goes on: reserving decides then. Thread-safe.
/// </summary>
internal sealed partial class KnownSkus(
    InventoryService.InventoryServiceClient inventory, IOptions<CheckoutOptions> options, ILogger<KnownSkus> logger)
{
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>The unknown ones among <paramref name="lines"/>. Takes no longer than the caller waits.</summary>
    public async Task<IReadOnlySet<string>> FindUnknownAsync(IReadOnlyList<OrderLine> lines, Deadline deadline, CancellationToken cancellationToken)
    {
        var asked = lines.Select(line => line.Sku).Where(sku => !_known.ContainsKey(sku)).ToHashSet(StringComparer.Ordinal);
        if (asked.Count == 0)
        {
            return asked;
        }

        try
        {
            using var scope = CallContext.UseDeadline(deadline);
            var reply = await inventory.FindUnknownSkusAsync(new FindUnknownSkusRequest { Skus = { asked } }, cancellationToken: cancellationToken);
            var unknown = reply.Unknown.ToHashSet(StringComparer.Ordinal);
            Remember(asked.Except(unknown));
            return unknown;
        }
        catch (RpcException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            LogNotAsked(exception.StatusCode);
            return new HashSet<string>();
        }
    }

    private void Remember(IEnumerable<string> skus)
    {
        foreach (var sku in skus)
        {
            // Full means a catalog far beyond what was planned for; starting over is simple and keeps memory bounded.
            if (_known.Count >= options.Value.KnownSkus)
            {
                _known.Clear();
            }

            _known[sku] = true;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Inventory could not be asked for unknown skus ({Status}); reserving decides")]
    private partial void LogNotAsked(StatusCode status);
}
