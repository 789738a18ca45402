using System.Diagnostics;
using CsCheck;

namespace Resilience.Tests.Policies;

/// <summary>What holds of the linter for any document.</summary>
public sealed class LinterPropertyTests
{
    [Fact]
    public void Any_document_is_linted_and_always_with_the_same_findings() => RandomDocuments.Texts.Sample(text =>
    {
        var findings = PolicyLinter.Lint(GoodDocument.Load(text));
        PolicyLinter.Lint(GoodDocument.Load(text)).ShouldBe(findings);
        findings.ShouldBe(findings.OrderByDescending(finding => finding.Severity));
        findings.ShouldAllBe(finding => IsPlace(finding.First) && IsPlace(finding.Second) && finding.Arithmetic.EndsWith('.') && finding.Fix.EndsWith('.'));
        findings.ShouldBeUnique();
    });

    [Fact]
    public void What_is_suggested_ends_the_finding_and_is_a_valid_document() => RandomDocuments.Texts.Sample(text =>
    {
        foreach (var (rule, finding) in PolicyLinter.FindAll(GoodDocument.Load(text)).Where(found => found.Rule is not ("unknown-name" or "call-cycle")))
        {
            foreach (var (way, document) in SuggestedFix.Apply(text, finding.Fix))
            {
                PolicyLinter.FindAll(document).ShouldNotContain(
                    found => found.Rule == rule && found.Finding.Whose == finding.Whose && found.Finding.Severity == finding.Severity,
                    $"{finding}\nafter {way} still {string.Join('\n', PolicyLinter.FindAll(document).Where(found => found.Rule == rule))}");
            }
        }
    });

    [Fact]
    public void The_order_in_which_a_document_is_written_changes_nothing_but_lines() => RandomDocuments.Texts.Sample(text =>
    {
        var turned = string.Join('\n', text.Split('\n').Reverse());
        Without(PolicyLinter.FindAll(GoodDocument.Load(text))).ShouldBe(Without(PolicyLinter.FindAll(GoodDocument.Load(turned))));

        static IEnumerable<string> Without(IEnumerable<(string Rule, RuleFinding Finding)> findings) =>
            findings.Select(found => $"{found.Rule} {found.Finding.Severity} {found.Finding.Whose} {found.Finding.Arithmetic} {found.Finding.Fix}");
    });

    [Fact]
    public void A_document_as_large_as_they_can_be_is_linted_soon()
    {
        string Services(Func<int, string> of) => string.Join('\n', Enumerable.Range(0, 3_000).Select(index => $"  s{index}: {of(index)}"));
        string[] texts =
        [
            "topology:\n" + Services(index => $"{{ calls: [s{index + 1}] }}"),
            "topology:\n" + Services(index => $"{{ calls: [s{(index + 1) % 3_000}] }}"),
            "topology:\n" + Services(_ => "{ calls: [hub] }") + "\n  hub: { calls: [" + string.Join(", ", Enumerable.Range(0, 3_000).Select(index => $"t{index}")) + "] }",
            "defaults: { propagate: false }\ntopology:\n" + Services(index => $"{{ calls: [s{index + 1}, s{index + 2}, s{index + 3}] }}"),
            "dependencies:\n" + Services(_ => "{ total_ms: 50 }") + "\ntopology:\n" + string.Join('\n', Enumerable.Range(0, 3_000).Select(index => $"  u{index}: {{ calls: [x{index}] }}")),
        ];
        foreach (var text in texts)
        {
            var document = GoodDocument.Load(text);
            var started = Stopwatch.GetTimestamp();
            PolicyLinter.Lint(document).Count.ShouldBeLessThan(2_000);
            Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(15));
        }
    }

    private static bool IsPlace(string place) => place.StartsWith("(default) ", StringComparison.Ordinal) || place.StartsWith($"{GoodDocument.File}:", StringComparison.Ordinal);
}
