using System.Text.RegularExpressions;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// A change laid into what a store holds, and checked as a whole document: what would come of it, and why it may not be written. Immutable, thread-safe.
/// <see cref="PolicyEditor"/> makes and writes it.
/// </summary>
public sealed partial class PolicyEdit
{
    private PolicyEdit(StoredPolicies before, StoredPolicies after, PolicyChange change) => (Before, After, Change) = (before, after, change);

    private PolicyEdit(PolicyEdit edit, long revision)
        : this(edit.Before, edit.After with { Revision = revision }, edit.Change) =>
        (Errors, Findings, Brought, IsWritten) = (edit.Errors, edit.Findings, edit.Brought, true);

    /// <summary>What the store held.</summary>
    public StoredPolicies Before { get; }

    /// <summary>What it holds with the change; its revision is that of <see cref="Before"/> until <see cref="IsWritten"/>.</summary>
    public StoredPolicies After { get; }

    /// <summary>The change, without the scopes that are like this already, made from the revision of <see cref="Before"/> or an earlier one that was asked for.</summary>
    public PolicyChange Change { get; }

    /// <summary>All that is wrong with <see cref="After"/>, also where it was wrong before.</summary>
    public IReadOnlyList<PolicyError> Errors { get; private init; } = [];

    /// <summary>Every contradiction in <see cref="After"/>, worst first; empty while there are <see cref="Errors"/>.</summary>
    public IReadOnlyList<PolicyFinding> Findings { get; private init; } = [];

    /// <summary>
    /// Those of <see cref="Findings"/> that the change brings. One that was there before, between the same keys with the same numbers, is none, so that a
    /// document with two contradictions can be put right in two steps; where <see cref="Before"/> cannot be read, all of them are.
    /// </summary>
    public IReadOnlyList<PolicyFinding> Brought { get; private init; } = [];

    /// <summary>Whether the store has this.</summary>
    public bool IsWritten { get; }

    /// <summary>Whether the store holds exactly this already.</summary>
    public bool ChangesNothing => Change.Scopes.Count == 0;

    /// <summary>Whether this may not be written: it is invalid, or brings a contradiction that is an error.</summary>
    public bool IsRefused => Errors.Count > 0 || Brought.Any(finding => finding.Severity == FindingSeverity.Error);

    /// <summary>Checks <paramref name="change"/> against <paramref name="before"/>; writes nothing.</summary>
    /// <param name="before">What the store holds.</param>
    /// <param name="change">What is to be changed.</param>
    /// <param name="lint">Finds contradictions.</param>
    /// <param name="locationOf">What messages call the new text of a scope.</param>
    internal static PolicyEdit Check(
        StoredPolicies before, PolicyChange change, Func<PolicyDocument, IReadOnlyList<PolicyFinding>> lint, Func<string, string> locationOf)
    {
        var errors = new List<PolicyError>();
        var after = before.Sources.ToDictionary(source => source.Scope, StringComparer.Ordinal);
        var effective = new Dictionary<string, ReadOnlyMemory<byte>?>(StringComparer.Ordinal);
        foreach (var (scope, content) in change.Scopes.OrderBy(scope => scope.Key, StringComparer.Ordinal))
        {
            if (Lay(after, scope, content, locationOf, errors))
            {
                effective.Add(scope, content);
            }
        }

        StoredPolicies result = new(before.Revision, [.. after.Values.OrderBy(source => source.Scope, StringComparer.Ordinal)]);
        var document = TryLoad(result.Sources, errors);
        var findings = document is null ? [] : lint(document);
        return new PolicyEdit(before, result, change with { Scopes = effective, From = change.From ?? before.Revision })
        {
            Errors = errors,
            Findings = findings,
            Brought = findings.Count == 0 ? [] : WithoutKnown(findings, FindingsOf(before, effective, lint, locationOf)),
        };
    }

    internal PolicyEdit WrittenAs(long revision) => new(this, revision);

    /// <summary>False where the scope is like this already.</summary>
    private static bool Lay(
        Dictionary<string, PolicySource> sources, string scope, ReadOnlyMemory<byte>? content, Func<string, string> locationOf, List<PolicyError> errors)
    {
        if (content is not { } text)
        {
            var isThere = sources.Remove(scope);
            if (!isThere)
            {
                errors.Add(new PolicyError(scope, "not there", "must be there to be deleted"));
            }

            return isThere;
        }

        if (sources.TryGetValue(scope, out var current) && current.Problem is null && current.Content.Span.SequenceEqual(text.Span))
        {
            return false;
        }

        sources[scope] = new PolicySource(scope, locationOf(scope), text);
        return true;
    }

    private static PolicyDocument? TryLoad(IEnumerable<PolicySource> sources, List<PolicyError> errors)
    {
        try
        {
            return PolicyDocument.Load(sources);
        }
        catch (PolicyInvalidException invalid)
        {
            errors.AddRange(invalid.Errors);
            return null;
        }
    }

    /// <summary>What was contradictory before, with the changed scopes called as they are called after the change: names of places are compared.</summary>
    private static IReadOnlyList<PolicyFinding> FindingsOf(
        StoredPolicies before, Dictionary<string, ReadOnlyMemory<byte>?> changed, Func<PolicyDocument, IReadOnlyList<PolicyFinding>> lint, Func<string, string> locationOf)
    {
        var sources = before.Sources.Select(source => changed.ContainsKey(source.Scope) ? source with { Location = locationOf(source.Scope) } : source);
        return TryLoad(sources, []) is { } document ? lint(document) : [];
    }

    private static List<PolicyFinding> WithoutKnown(IReadOnlyList<PolicyFinding> findings, IReadOnlyList<PolicyFinding> known)
    {
        var left = known.Select(Identity).ToList();
        return [.. findings.Where(finding => !left.Remove(Identity(finding)))];
    }

    // A line that is put in above moves a contradiction without making it a new one.
    private static PolicyFinding Identity(PolicyFinding finding) =>
        finding with { First = LineNumber().Replace(finding.First, ""), Second = LineNumber().Replace(finding.Second, ""), Fix = "" };

    [GeneratedRegex(@":\d+\b", RegexOptions.CultureInvariant)]
    private static partial Regex LineNumber();
}
