using System.Text.Json;

namespace Services.Tests.Operations;

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
    [InlineData("source={\"kind\":\"message\",\"topic\":\"orders\\u0000\",\"message_id\":\"1\"}", "source.topic has a control character; it must have printable ones only.")]
    [InlineData("source={\"kind\":\"message\",\"topic\":\"orders\",\"message_id\":\"1\",\"group\":\"a\\u0000\"}", "source.group has a control character")]
    [InlineData("traceparent=\"00\\u0000\"", "traceparent has a control character")]
    [InlineData("payload_encoding=\"gzip\"", "payload_encoding is 'gzip'; it must be utf-8 or base64.")]
    [InlineData("payload_encoding=null", "payload_encoding is ''")]
    [InlineData("payload_encoding=\"base64\"", "payload is no base64; it must be what payload_encoding says.")]
    [InlineData("time=\"0001-01-01T00:00:00Z\"", "time is 0001-01-01T00:00:00.0000000+00:00; it must be from 1970 to 2999.")]
    [InlineData("time=\"9999-12-31T23:59:59Z\"", "it must be from 1970 to 2999.")]
    [InlineData("time=\"noon\"", "time")]
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
