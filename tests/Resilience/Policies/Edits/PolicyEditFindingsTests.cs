using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tests.Policies;

namespace Resilience.Tests.Policies.Edits;

/// <summary>Which contradictions stand in a change's way.</summary>
public sealed class PolicyEditFindingsTests : IAsyncDisposable
{
    private readonly MemoryPolicyStore _store = new(new FakeTimeProvider());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory]
    [InlineData(FindingSeverity.Error, true)]
    [InlineData(FindingSeverity.Warning, false)]
    [InlineData(FindingSeverity.Note, false)]
    public async Task Only_an_error_refuses(FindingSeverity severity, bool isRefused)
    {
        var edit = await ApplyAsync("dependencies/inventory", "total_ms: 5000\n", severity);

        (edit.IsRefused, edit.IsWritten).ShouldBe((isRefused, !isRefused));
        edit.Brought.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_contradiction_that_was_there_does_not_refuse_a_change_elsewhere()
    {
        _store.Put("dependencies/inventory", "total_ms: 5000\n");

        var edit = await ApplyAsync("dependencies/payments", "total_ms: 900\n");

        edit.IsWritten.ShouldBeTrue();
        edit.Findings.ShouldHaveSingleItem();
        edit.Brought.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_contradiction_that_only_moves_to_another_line_is_not_brought()
    {
        _store.Put("dependencies/inventory", "total_ms: 5000\n");

        (await ApplyAsync("dependencies/inventory", "# a comment\ntotal_ms: 5000\n")).IsWritten.ShouldBeTrue();
    }

    [Fact]
    public async Task A_contradiction_with_other_numbers_is_brought()
    {
        _store.Put("dependencies/inventory", "total_ms: 5000\n");

        (await ApplyAsync("dependencies/inventory", "total_ms: 4000\n")).IsRefused.ShouldBeTrue();
    }

    [Fact]
    public async Task A_second_contradiction_like_the_first_is_brought()
    {
        _store.Put("dependencies/inventory", "total_ms: 5000\n");

        (await ApplyAsync("dependencies/payments", "total_ms: 5000\n")).Brought.ShouldHaveSingleItem().First.ShouldContain("payments");
    }

    private Task<PolicyEdit> ApplyAsync(string scope, string text, FindingSeverity severity = FindingSeverity.Error)
    {
        // What takes longer than 3 s contradicts a promise, at the line that this stands in.
        IReadOnlyList<PolicyFinding> Lint(PolicyDocument document) =>
        [
            .. document.Dependencies
                .Select(name => (Name: name, document.PolicyOf(null, name).Total, Node: document.Section("dependencies")!.Child(name)!.Child("total_ms")!))
                .Where(dependency => dependency.Total > TimeSpan.FromSeconds(3))
                .Select(dependency => new PolicyFinding(
                    "too-long", severity, $"{dependency.Node.Source}:{dependency.Node.Line}: {dependency.Name}", "a promise", $"{dependency.Total.TotalMilliseconds} > 3000", "less")),
        ];

        var scopes = new Dictionary<string, ReadOnlyMemory<byte>?> { [scope] = new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(text)) };
        return new PolicyEditor(_store) { Lint = Lint, LocationOf = name => $"{name}.new" }.ApplyAsync(new PolicyChange(scopes, "ada", "a test"), Token);
    }
}
