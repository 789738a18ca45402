namespace ResilientShop.Contracts.Inventory.V1;

/// <summary>A decimal on the wire. Exact for up to nine decimal places; more are refused.</summary>
public partial class DecimalValue
{
    private const decimal NanosPerUnit = 1_000_000_000m;

    /// <summary>The value as a <see cref="decimal"/>.</summary>
    public decimal ToDecimal() => Units + (Nanos / NanosPerUnit);

    /// <summary>Converts <paramref name="value"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than nine decimal places, or more units than 64 bits hold.</exception>
    public static DecimalValue FromDecimal(decimal value)
    {
        var units = decimal.Truncate(value);
        var nanos = (value - units) * NanosPerUnit;
        if (units is < long.MinValue or > long.MaxValue || decimal.Truncate(nanos) != nanos)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "A decimal on the wire has at most nine decimal places and 64 bits of units.");
        }

        return new DecimalValue { Units = decimal.ToInt64(units), Nanos = decimal.ToInt32(nanos) };
    }
}
