namespace ResilientShop.Resilience.Policies;

/// <summary>What a rule finds. Immutable.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Whose">Whose calls it is about.</param>
/// <param name="First">The one place.</param>
/// <param name="Second">The other place.</param>
/// <param name="Arithmetic">What does not add up.</param>
/// <param name="Fix">What to change.</param>
internal sealed record RuleFinding(FindingSeverity Severity, string Whose, string First, string Second, string Arithmetic, string Fix);

/// <summary>A kind of contradiction that <see cref="PolicyLinter"/> looks for. Stateless, thread-safe.</summary>
internal interface IPolicyRule
{
    /// <summary>Its name in findings, in kebab case.</summary>
    string Name { get; }

    /// <summary>What is found, as it is asked for: a document can hold far more of them than anybody reads.</summary>
    IEnumerable<RuleFinding> Check(LintedDocument document);
}
