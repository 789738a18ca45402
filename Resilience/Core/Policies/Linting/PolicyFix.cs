using System.Globalization;

namespace ResilientShop.Resilience.Policies;

/// <summary>A key of a document and what it should be set to. Immutable.</summary>
/// <param name="Path">The keys that lead to it, for example <c>services.orders.dependencies.payments.total_ms</c>.</param>
/// <param name="Value">What it should be.</param>
internal sealed record PolicySetting(string Path, string Value)
{
    public PolicySetting(string path, TimeSpan value)
        : this(path, value.TotalMilliseconds.ToString("0.####", CultureInfo.InvariantCulture))
    {
    }

    public PolicySetting(string path, int value)
        : this(path, value.ToString(CultureInfo.InvariantCulture))
    {
    }

    /// <inheritdoc/>
    public override string ToString() => $"set {Path} to {Value}";
}

/// <summary>What would end a finding: one or more ways, each of one or more settings.</summary>
internal sealed class PolicyFix
{
    private readonly List<string> _ways = [];

    /// <summary>Adds a way.</summary>
    public PolicyFix Or(params IEnumerable<PolicySetting> settings)
    {
        _ways.Add(string.Join(" and ", settings));
        return this;
    }

    /// <summary>Adds a way where it is one.</summary>
    public PolicyFix OrIf(bool holds, params IEnumerable<PolicySetting> settings) => holds ? Or(settings) : this;

    /// <summary>Whether there is a way.</summary>
    public bool IsKnown => _ways.Count > 0;

    /// <inheritdoc/>
    public override string ToString() => string.Join("; or ", _ways) + ".";
}
