using CsCheck;

namespace Resilience.Tests.IdempotencyKeys;

public sealed class IdempotencyKeyTests
{
    [Fact]
    public void Any_1_to_255_visible_ascii_characters_are_a_key() =>
        Gen.Char['!', '~'].Array[1, IdempotencyKey.MaxLength].Sample(characters => IdempotencyKey.Check(new string(characters)) is null);

    [Theory]
    [InlineData(null, "is empty")]
    [InlineData("", "is empty")]
    [InlineData("a b", "not visible ASCII")]
    [InlineData("a\t", "not visible ASCII")]
    [InlineData("a\u007f", "not visible ASCII")]
    [InlineData("schl\u00fcssel", "not visible ASCII")]
    public void Anything_else_is_told_what_is_wrong(string? key, string reason) => IdempotencyKey.Check(key).ShouldNotBeNull().ShouldContain(reason);

    [Fact]
    public void A_key_may_not_be_longer_than_255() =>
        IdempotencyKey.Check(new string('k', 256)).ShouldBe("has 256 characters; it must have 1 to 255.");

    [Fact]
    public void A_header_is_there_once_or_not_at_all()
    {
        IdempotencyKey.Check([], out var none).ShouldBeNull();
        none.ShouldBeNull();
        IdempotencyKey.Check(["a"], out var one).ShouldBeNull();
        one.ShouldBe("a");
        IdempotencyKey.Check(["a", "a"], out var two).ShouldBe("is there 2 times; send it once.");
        two.ShouldBeNull();
    }

    [Fact]
    public void Identities_differ_wherever_a_part_differs()
    {
        (string Operation, string? Caller, string Key)[] parts =
            [("POST /a", "b", "c"), ("POST /a", null, "c"), ("POST /a", "", "c"), ("POST /", "ab", "c"), ("POST /a", "bc", ""), ("POST /a", "", "bc"), ("POST /ab", "", "c")];
        parts.Select(part => IdempotencyKey.Identify(part.Operation, part.Caller, part.Key)).Distinct().Count().ShouldBe(parts.Length);
        IdempotencyKey.Identify("POST /a", "b", "c").ShouldBe(IdempotencyKey.Identify("POST /a", "b", "c"));
    }

    [Fact]
    public void A_digest_is_its_bytes() =>
        Gen.Byte.Array[Sha256Digest.Size].Sample(bytes =>
        {
            var digest = new Sha256Digest(bytes);
            return digest.ToArray().SequenceEqual(bytes) && digest == new Sha256Digest(bytes) && digest.GetHashCode() == new Sha256Digest(bytes).GetHashCode()
                && Convert.ToHexStringLower(bytes).StartsWith(digest.ToString(), StringComparison.Ordinal);
        });

    [Fact]
    public void A_digest_of_another_length_is_refused() => Should.Throw<ArgumentException>(() => new Sha256Digest(new byte[31]));
}
