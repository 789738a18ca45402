using System.Text;
using System.Text.Json;
using CsCheck;

namespace Resilience.Tests.Messaging;

/// <summary>The letter alone.</summary>
public sealed class DeadLetterTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.FromHours(2));

    private static readonly DeadLetter Letter = new()
    {
        ServiceName = "trips",
        Operation = "process trips",
        ErrorCode = "HANDLER_FAILED",
        ErrorDetail = "why",
        RetryCount = 3,
        Key = "k",
        Source = DeadLetterSource.Message("group", "trips", 2, 17, "message", "Trip"),
        Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        Time = Noon,
    };

    [Fact]
    public void A_letter_is_json_with_the_names_that_are_promised()
    {
        using var json = JsonDocument.Parse(Letter.WithPayload("{\"a\":1}"u8).ToJson());

        json.RootElement.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal).ShouldBe(
        [
            "error_code", "error_detail", "id", "key", "operation", "payload", "payload_bytes", "payload_encoding", "payload_truncated", "retry_count",
            "schema_version", "service_name", "source", "time", "traceparent",
        ]);
        json.RootElement.GetProperty("time").GetString().ShouldBe("2026-01-02T10:00:00+00:00");
        json.RootElement.GetProperty("payload").GetString().ShouldBe("{\"a\":1}");
        json.RootElement.GetProperty("schema_version").GetInt32().ShouldBe(1);
        json.RootElement.GetProperty("source").GetRawText().ShouldBe(
            "{\"kind\":\"message\",\"topic\":\"trips\",\"partition\":2,\"offset\":17,\"group\":\"group\",\"message_id\":\"message\",\"message_type\":\"Trip\"}");
    }

    [Fact]
    public void The_same_failure_of_the_same_thing_has_the_same_id()
    {
        var again = Letter with
        {
            Time = Noon.AddDays(1),
            RetryCount = 5,
            ErrorDetail = "otherwise",
            Source = DeadLetterSource.Message("group", "trips", 3, 99, "message", null),
        };

        again.Id.ShouldBe(Letter.Id);
        DeadLetter.Parse(Letter.ToJson()).Id.ShouldBe(Letter.Id);
        Letter.Id.Version.ShouldBe(8);
        Letter.Id.ShouldBe(Guid.Parse("76fea8bb-1807-8818-9af9-0467750876f3"), "changing how an id is derived makes second letters of old failures");
    }

    [Fact]
    public void What_differs_in_service_operation_source_or_cause_has_another_id()
    {
        var saga = Guid.NewGuid();
        DeadLetter[] letters =
        [
            Letter,
            Letter with { ServiceName = "tours" },
            Letter with { Operation = "process tours" },
            Letter with { ErrorCode = "DATABASE_REFUSED" },
            Letter with { Source = DeadLetterSource.Message("other", "trips", 2, 17, "message", "Trip") },
            Letter with { Source = DeadLetterSource.Message("group", "trips", 2, 17, "another", "Trip") },
            Letter with { Source = DeadLetterSource.Message("grou", "ptrips", 2, 17, "message", "Trip") },
            Letter with { Source = DeadLetterSource.Saga(saga, "hotel") },
            Letter with { Source = DeadLetterSource.Saga(saga, "flight") },
            Letter with { Source = DeadLetterSource.Saga(Guid.NewGuid(), "flight") },
        ];

        letters.Select(letter => letter.Id).Distinct().Count().ShouldBe(letters.Length);
    }

    [Fact]
    public void Any_bytes_come_back_as_they_were() => Gen.Byte.Array.Sample(bytes =>
    {
        var letter = DeadLetter.Parse(Letter.WithPayload(bytes).ToJson());
        letter.ReadPayload().ShouldBe(bytes);
        (letter.PayloadTruncated, letter.PayloadBytes).ShouldBe((false, bytes.LongLength));
    });

    [Fact]
    public void Any_text_comes_back_as_it_was_and_stays_text() => Gen.String.Sample(text =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var letter = DeadLetter.Parse(Letter.WithPayload(bytes).ToJson());
        (letter.Payload, letter.PayloadEncoding).ShouldBe((Encoding.UTF8.GetString(bytes), "utf-8"));
    });

    [Theory]
    [InlineData("x")]
    [InlineData("\"")]
    [InlineData("\\")]
    [InlineData("\u0001")]
    [InlineData("ä")]
    [InlineData("a€")]
    [InlineData("😀")]
    [InlineData("\u2028")]
    public void However_large_and_strange_all_of_it_is_a_letter_fits_into_a_message(string unit)
    {
        var endless = string.Concat(Enumerable.Repeat(unit, 600_000));
        var bytes = Encoding.UTF8.GetBytes(endless);

        var json = (Letter with { Key = endless, ErrorDetail = endless }).WithPayload(bytes).ToJson();

        json.Length.ShouldBeLessThan(800_000);
        var letter = DeadLetter.Parse(json);
        letter.PayloadTruncated.ShouldBeTrue();
        var kept = letter.ReadPayload()!;
        kept.ShouldBe(bytes[..kept.Length]);
        kept.Length.ShouldBeInRange(DeadLetter.MaxPayloadBytes - 3, DeadLetter.MaxPayloadBytes);
    }

    [Fact]
    public void Bytes_that_look_like_half_of_a_character_are_cut_as_well()
    {
        var bytes = Enumerable.Repeat((byte)0x80, DeadLetter.MaxPayloadBytes + 100).ToArray();

        Letter.WithPayload(bytes).ReadPayload().ShouldBe(bytes[..DeadLetter.MaxPayloadBytes]);
    }

    [Fact]
    public void A_letter_without_a_payload_says_none_and_one_with_an_empty_payload_says_empty()
    {
        DeadLetter.Parse(Letter.ToJson()).ReadPayload().ShouldBeNull();
        DeadLetter.Parse(Letter.WithPayload([]).ToJson()).ReadPayload().ShouldBe([]);
    }

    [Theory]
    [InlineData("", "op", "CODE")]
    [InlineData("service", " ", "CODE")]
    [InlineData("service", "op", "")]
    public void A_letter_that_does_not_say_what_failed_is_refused(string service, string operation, string code)
    {
        using var batch = new Npgsql.NpgsqlBatch();
        Should.Throw<ArgumentException>(() => DeadLetters.Append(batch, Letter with { ServiceName = service, Operation = operation, ErrorCode = code }));
        batch.BatchCommands.Count.ShouldBe(0);
    }
}
