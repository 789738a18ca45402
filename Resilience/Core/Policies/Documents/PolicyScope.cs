namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Names of the parts that policies can be kept in: <see cref="Whole"/> is the document itself; the others hold one part of it each and are laid over it:
/// <c>defaults</c>, <c>tiers</c>, <c>topology</c>, <c>degradation</c>, <c>release</c>, <c>dependencies/NAME</c>, <c>services/NAME</c> and <c>routes/NAME</c>.
/// </summary>
public static class PolicyScope
{
    /// <summary>The scope of the whole document.</summary>
    public const string Whole = "resilience";

    /// <summary>What a scope can be, for messages.</summary>
    internal const string Expected = "must be resilience, defaults, tiers, topology, degradation, release, dependencies/NAME, services/NAME or routes/NAME, where NAME has 1 to 64 letters, digits, '-' and '_'";

    private const int LongestName = 64;
    private static readonly string[] Parts = ["defaults", "tiers", "topology", "degradation", "release"];
    private static readonly string[] Groups = ["dependencies", "services", "routes"];

    /// <summary>Whether <paramref name="scope"/> is the name of a part.</summary>
    public static bool IsValid(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return scope == Whole || Parts.Contains(scope) || (scope.Split('/') is [var group, var name] && Groups.Contains(group) && IsName(name));
    }

    /// <summary>Whether something can have this name: what is called, a service, a route.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    /// <summary>The keys that lead from the top of the document to the part.</summary>
    internal static string[] PathOf(string scope) => scope == Whole ? [] : scope.Split('/');
}
