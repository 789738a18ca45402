using Grpc.Core;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.Inventory.Stock;

namespace ResilientShop.Inventory.Reservations;

/// <summary>The validated wish of one order: distinct skus in the order of the request, quantities of a repeated sku added up.</summary>
/// <param name="Skus">Distinct skus.</param>
/// <param name="Quantities">What is wanted of the sku at the same place.</param>
internal sealed record ReservationLines(string[] Skus, decimal[] Quantities)
{
    public const int MostLines = 1000;

    /// <exception cref="RpcException">INVALID_ARGUMENT that names every wrong field.</exception>
    public static ReservationLines Parse(IReadOnlyList<ReserveRequest.Types.Line> lines)
    {
        if (lines.Count is 0 or > MostLines)
        {
            throw InvalidArgument($"lines has {lines.Count} entries; it must have 1 to {MostLines}.");
        }

        var totals = new OrderedDictionary<string, decimal>(lines.Count, StringComparer.Ordinal);
        var errors = new List<string>();
        for (var i = 0; i < lines.Count; i++)
        {
            var wrongSku = StockRules.CheckSku(lines[i].Sku);
            var wrongQuantity = Read(lines[i].Quantity, out var quantity);
            AddError(errors, wrongSku, i, "sku");
            AddError(errors, wrongQuantity, i, "quantity");
            if (wrongSku is null && wrongQuantity is null)
            {
                totals[lines[i].Sku] = totals.GetValueOrDefault(lines[i].Sku) + quantity;
            }
        }

        return errors.Count == 0 ? new ReservationLines([.. totals.Keys], [.. totals.Values]) : throw InvalidArgument(string.Join(' ', errors));
    }

    /// <exception cref="RpcException">INVALID_ARGUMENT when <paramref name="text"/> is not a UUID.</exception>
    public static Guid ParseOrderId(string text) => Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty
        ? id
        : throw InvalidArgument($"order_id is '{text}'; it must be a UUID such as 0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10.");

    public static RpcException InvalidArgument(string detail) => new(new Status(StatusCode.InvalidArgument, detail));

    private static string? Read(DecimalValue? value, out decimal quantity)
    {
        quantity = 0;
        if (value is null)
        {
            return "is missing; it must be a number more than 0.";
        }

        const int largestNanos = 999_999_999;
        if (value.Nanos is < -largestNanos or > largestNanos || (long)Math.Sign(value.Units) * value.Nanos < 0)
        {
            return $"has units {value.Units} and nanos {value.Nanos}; nanos must be below 10^9 and of the sign of units.";
        }

        quantity = value.ToDecimal();
        return StockRules.CheckReserved(quantity);
    }

    private static void AddError(List<string> errors, string? wrong, int index, string field)
    {
        if (wrong is not null)
        {
            errors.Add($"lines[{index}].{field} {wrong}");
        }
    }
}
