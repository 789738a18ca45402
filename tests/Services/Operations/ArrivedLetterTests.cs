using System.Text.Json;
using ResilientShop.Operations.Healing;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>What is taken for a dead letter.</summary>
public sealed class ArrivedLetterTests
{
    [Theory]
    [InlineData("not json", "'not json' is an invalid JSON literal")]
    [InlineData("[]", "could not be converted")]
    [InlineData("null", "The letter is null.")]
    [InlineData("-service_name", "service_name")]
    [InlineData("-source", "source")]
    [InlineData("service_name=null", "service_name is null; it must have 1 to 200 printable characters.")]
    [InlineData("service_name=\"\"", "service_name is ''")]
    [InlineData("operation=\"a\\u0000b\"", "operation is")]
    [InlineData("error_detail=null", "error_detail is null")]
    [InlineData("key=null", "key is null")]
    [InlineData("source=null", "source is null")]
    [InlineData("retry_count=\"three\"", "retry_count")]
    [InlineData("retry_count=-1", "retry_count is -1; it must be 0 or more.")]
    [InlineData("schema_version=2", "schema_version is 2; it must be 1, or a later service must read it.")]
    [InlineData("id=\"00000000-0000-0000-0000-000000000000\"", "id is empty")]
    [InlineData("id=\"12\"", "id")]
    [InlineData("source={\"kind\":\"rain\"}", "source.kind is 'rain'; it must be message or saga.")]
    [InlineData("source={\"kind\":\"saga\"}", "source.saga_id is missing; it must be a UUID.")]
    [InlineData("source={\"kind\":\"message\"}", "source.topic and source.message_id must say which message it was.")]
    public void What_is_none_is_refused_and_says_why(string change, string reason) =>
        Should.Throw<JsonException>(() => ArrivedLetter.Parse(LetterChange.Of(change))).Message.ShouldContain(reason);

    [Theory]
    [InlineData("error_detail=\"It answered 500.\"", true)]
    [InlineData("retry_count=7", true)]
    [InlineData("service_name=\"payments\"", false)]
    [InlineData("operation=\"saga order: confirm\"", false)]
    [InlineData("error_code=\"TIMEOUT\"", false)]
    [InlineData("key=\"order-2\"", false)]
    public void One_cause_has_one_fingerprint(string change, bool isSame)
    {
        var one = ArrivedLetter.Parse(LetterChange.Of("retry_count=3"));
        (ArrivedLetter.Parse(LetterChange.Of(change)).Fingerprint == one.Fingerprint).ShouldBe(isSame);
    }
}
