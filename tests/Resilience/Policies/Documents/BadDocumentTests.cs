using System.Diagnostics;
using System.Text;
using CsCheck;

namespace Resilience.Tests.Policies;

/// <summary>Whatever somebody saves as a document: it is taken, or refused with file, line, key, value and what would be right. Nothing else happens, and it does not take long.</summary>
public sealed class BadDocumentTests
{
    private static readonly PolicyKey[] Keys =
    [
        .. PolicyKeys.OfTiers(), .. PolicyKeys.OfCalls("defaults"), .. PolicyKeys.OfCalls("dependencies.x"), .. PolicyKeys.OfCalls("services.s.defaults"),
        .. PolicyKeys.OfCalls("services.s.dependencies.x"), .. PolicyKeys.OfTopology("topology.t"), .. PolicyKeys.OfDegradation("degradation"), .. PolicyKeys.OfDegradation("services.s.degradation"), .. PolicyKeys.OfRelease("release"), .. PolicyKeys.OfRelease("services.s.release"),
    ];

    public static TheoryData<string> Names => [.. BadDocuments.All.Keys];

    public static TheoryData<string> Paths => [.. Keys.Select(key => key.Path)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_bad_document_is_refused_with_place_key_value_and_what_would_be_right(string name)
    {
        var started = Stopwatch.GetTimestamp();
        GoodDocument.ShouldBeRefused(BadDocuments.All[name]);
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void The_corpus_is_large() => (BadDocuments.All.Count + Keys.Sum(key => key.Bad.Length)).ShouldBeGreaterThan(300);

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_bad_value_is_refused_at_its_line(string path)
    {
        var key = Keys.First(key => key.Path == path);
        foreach (var bad in key.Bad.Append("0x10").Except(key.Kind == KeyKind.Codes ? ["0x10"] : []))
        {
            var errors = GoodDocument.ShouldBeRefused(GoodDocument.Saying(path, bad));
            var leaf = path[(path.LastIndexOf('.') + 1)..];
            errors.ShouldContain(error => error.Line == path.Split('.').Length && error.Key.Contains(leaf, StringComparison.Ordinal), $"{path}: {bad}\n{string.Join('\n', errors)}");
        }

        foreach (var good in key.Good)
        {
            Should.NotThrow(() => GoodDocument.Load(GoodDocument.Saying(path, good)), $"{path}: {good}");
        }
    }

    [Theory]
    [InlineData("resilience/x")]
    [InlineData("dependencies")]
    [InlineData("dependencies/a/b")]
    [InlineData("services/")]
    [InlineData("routes/a.b")]
    [InlineData("../defaults")]
    [InlineData("")]
    public void A_scope_that_does_not_exist_is_refused(string scope)
    {
        var error = Should.Throw<PolicyInvalidException>(() => GoodDocument.Load((scope, "total_ms: 5000"))).Errors.ShouldHaveSingleItem();
        (error.Key, error.Line).ShouldBe(("the scope", 0));
        error.Expected.ShouldStartWith("must ");
    }

    [Fact]
    public void A_document_cut_off_anywhere_is_taken_or_refused()
    {
        var good = Encoding.UTF8.GetBytes(GoodDocument.Text);
        GoodDocument.Load(GoodDocument.Text);
        var refused = 0;
        for (var length = 0; length < good.Length; length += 3)
        {
            refused += IsTaken(good[..length]) ? 0 : 1;
        }

        refused.ShouldBeGreaterThan(good.Length / 12);
    }

    [Fact]
    public void A_document_with_any_bytes_changed_is_taken_or_refused()
    {
        var good = Encoding.UTF8.GetBytes(GoodDocument.Text);
        var special = Gen.Int[0, 23].Select(index => (byte)"[]{},:#&*!|>'\"%@`?-\n\t\r \0"[index]);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 12], Gen.OneOf(special, Gen.Byte).Array[0, 8]).Array[1, 4].Sample(
            changes =>
            {
                var bytes = good.ToList();
                foreach (var (at, removed, inserted) in changes)
                {
                    var from = Math.Min(at, bytes.Count);
                    bytes.RemoveRange(from, Math.Min(removed, bytes.Count - from));
                    bytes.InsertRange(from, inserted);
                }

                IsTaken([.. bytes]);
            },
            iter: 1_000);
    }

    [Fact]
    public void Lines_count_the_same_with_any_line_ends()
    {
        foreach (var end in (string[])["\n", "\r\n"])
        {
            var errors = GoodDocument.ShouldBeRefused(GoodDocument.Text.Replace("refusals: answer", "refusals: never", StringComparison.Ordinal).ReplaceLineEndings(end));
            errors.ShouldHaveSingleItem().Line.ShouldBe(13);
            GoodDocument.Load(GoodDocument.Text.ReplaceLineEndings(end)).Routes.Count.ShouldBe(1);
        }
    }

    [Fact]
    public void Whatever_is_wrong_inherits_once()
    {
        var errors = GoodDocument.ShouldBeRefused("defaults: { total_ms: -5 }\nservices: { a: {}, b: {} }\ndependencies: { c: {}, d: {} }\n");
        errors.Count(error => error.Key.EndsWith("total_ms", StringComparison.Ordinal) && error.Expected.StartsWith("must be more than 0", StringComparison.Ordinal)).ShouldBe(1);
    }

    private static bool IsTaken(byte[] bytes)
    {
        try
        {
            PolicyDocument.Load([new PolicySource(PolicyScope.Whole, GoodDocument.File, bytes)]);
            return true;
        }
        catch (PolicyInvalidException)
        {
            GoodDocument.ShouldBeRefused(bytes);
            return false;
        }
    }
}
