namespace ResilientShop.Resilience.Policies;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing.</summary>
    Note,

    /// <summary>Works, but not as one would think.</summary>
    Warning,

    /// <summary>A contradiction: the document is not taken.</summary>
    Error,
}

/// <summary>A contradiction between two places of a document. Immutable.</summary>
/// <param name="Rule">Name of the rule, for example <c>attempts-exceed-total</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="First">The one place: file, line and key.</param>
/// <param name="Second">The other place.</param>
/// <param name="Arithmetic">What does not add up, in numbers.</param>
/// <param name="Fix">What to change, and to what.</param>
public sealed record PolicyFinding(string Rule, FindingSeverity Severity, string First, string Second, string Arithmetic, string Fix)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Severity.ToString().ToLowerInvariant()} {Rule}: {First} against {Second}: {Arithmetic} Fix: {Fix}";
}
