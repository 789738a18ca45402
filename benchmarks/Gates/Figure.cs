using System.Globalization;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>A measured number beside its limit.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Measured">The number.</param>
/// <param name="Limit">The most it may be.</param>
/// <param name="Detail">What it is made of.</param>
internal sealed record Figure(string Name, double Measured, double Limit, string Detail)
{
    public bool Passes => Measured <= Limit;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name,-48} {Measured,8:0.000}  limit {Limit,5:0.00}  {(Passes ? "pass" : "FAIL")}  {Detail}");
}
