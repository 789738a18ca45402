using System.Net;
using System.Net.Sockets;

namespace Resilience.Tests.Classification;

/// <summary>Rule A5: which failures are worth a retry, and which signal decides.</summary>
public sealed class FailureClassifierTests
{
    private const int AlreadyExists = 6;

    private readonly FailureClassifier _classifier = new(new RetrySignals());

    [Theory]
    [InlineData(408, true, false)]
    [InlineData(429, true, false)]
    [InlineData(502, true, true)]
    [InlineData(503, true, true)]
    [InlineData(504, true, true)]
    [InlineData(500, false, true)]
    [InlineData(501, false, true)]
    [InlineData(505, false, true)]
    [InlineData(599, false, true)]
    [InlineData(400, false, false)]
    [InlineData(401, false, false)]
    [InlineData(402, false, false)]
    [InlineData(404, false, false)]
    [InlineData(409, false, false)]
    [InlineData(422, false, false)]
    public void An_http_status_decides(int status, bool isTransient, bool isFault)
    {
        var verdict = _classifier.OfHttpStatus(status);
        verdict.Outcome.ShouldBe(isTransient ? AttemptOutcome.Transient : AttemptOutcome.Permanent);
        verdict.IsDependencyFault.ShouldBe(isFault);
        verdict.Reason.ShouldBe($"http_{status}");
        verdict.NeverSent.ShouldBeFalse();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(302)]
    [InlineData(304)]
    public void An_answer_below_400_is_a_success(int status) => _classifier.OfHttpStatus(status, "BUSY").ShouldBe(Verdict.Success);

    [Theory]
    [InlineData(int.MinValue)]
    [InlineData(-1)]
    [InlineData(99)]
    [InlineData(600)]
    [InlineData(int.MaxValue)]
    public void A_status_that_is_none_is_final(int status) => _classifier.OfHttpStatus(status).Outcome.ShouldBe(AttemptOutcome.Permanent);

    [Theory]
    [InlineData("UNAVAILABLE", true)]
    [InlineData("DEADLINE_EXCEEDED", true)]
    [InlineData("CANCELLED", false)]
    [InlineData("UNKNOWN", false)]
    [InlineData("INVALID_ARGUMENT", false)]
    [InlineData("NOT_FOUND", false)]
    [InlineData("ALREADY_EXISTS", false)]
    [InlineData("PERMISSION_DENIED", false)]
    [InlineData("RESOURCE_EXHAUSTED", false)]
    [InlineData("FAILED_PRECONDITION", false)]
    [InlineData("ABORTED", false)]
    [InlineData("INTERNAL", false)]
    [InlineData("DATA_LOSS", false)]
    public void A_grpc_status_decides(string name, bool isTransient)
    {
        var verdict = _classifier.OfGrpcStatus(GrpcCode.Parse(name));
        verdict.IsTransient.ShouldBe(isTransient);
        verdict.Reason.ShouldBe(name);
        verdict.NeverSent.ShouldBeFalse();
    }

    [Theory]
    [InlineData("BUSY", true)]
    [InlineData("RATE_LIMITED", true)]
    [InlineData("TRANSIENT_FAILURE", true)]
    [InlineData("busy", false)]
    [InlineData("CARD_DECLINED", false)]
    [InlineData("", false)]
    public void A_business_code_decides_where_the_protocol_does_not(string code, bool isTransient)
    {
        _classifier.OfCode(code).IsTransient.ShouldBe(isTransient);
        _classifier.OfHttpStatus(422, code).IsTransient.ShouldBe(isTransient);
        _classifier.OfGrpcStatus(GrpcCode.Parse("FAILED_PRECONDITION"), code).IsTransient.ShouldBe(isTransient);
    }

    [Fact]
    public void A_code_of_the_answer_cannot_invent_labels()
    {
        _classifier.OfHttpStatus(422, "CARD_4711_DECLINED").Reason.ShouldBe("http_422");
        _classifier.OfCode("CARD_4711_DECLINED").Reason.ShouldBe("code");
        _classifier.OfHttpStatus(422, "BUSY").Reason.ShouldBe("BUSY");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(409)]
    public void No_code_makes_a_wrong_request_worth_a_retry(int status)
    {
        foreach (var code in new RetrySignals().Codes)
        {
            _classifier.OfHttpStatus(status, code).Outcome.ShouldBe(AttemptOutcome.Permanent);
        }
    }

    [Fact]
    public void No_code_and_no_lost_connection_makes_what_exists_already_worth_a_retry()
    {
        var lost = new SocketException((int)SocketError.ConnectionRefused);
        _classifier.OfGrpcStatus(AlreadyExists, "BUSY", lost).Outcome.ShouldBe(AttemptOutcome.Permanent);
    }

    [Fact]
    public void The_grpc_status_is_asked_before_what_the_connection_threw()
    {
        var refused = new HttpRequestException(HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused));
        var verdict = _classifier.OfGrpcStatus(GrpcCode.Unavailable, transport: refused);
        verdict.NeverSent.ShouldBeTrue();
        verdict.Reason.ShouldBe("connection_refused");
        _classifier.OfGrpcStatus(GrpcCode.Internal, transport: refused).IsTransient.ShouldBeFalse();
    }

    [Fact]
    public void A_dependency_that_answers_with_a_code_is_well()
    {
        _classifier.OfHttpStatus(503, "BUSY").ShouldBe(new Verdict(AttemptOutcome.Transient, "BUSY"));
        _classifier.OfGrpcStatus(GrpcCode.Unavailable, "BUSY").ShouldBe(new Verdict(AttemptOutcome.Transient, "BUSY"));
    }

    [Fact]
    public void The_sets_are_data()
    {
        var classifier = new FailureClassifier(new RetrySignals { Http = [500], Grpc = ["ABORTED"], Codes = ["LATER", "LATER"] });
        classifier.OfHttpStatus(500).IsTransient.ShouldBeTrue();
        classifier.OfHttpStatus(503).IsTransient.ShouldBeFalse();
        classifier.OfGrpcStatus(GrpcCode.Parse("ABORTED")).IsTransient.ShouldBeTrue();
        classifier.OfGrpcStatus(GrpcCode.Unavailable).IsTransient.ShouldBeFalse();
        classifier.OfCode("LATER").IsTransient.ShouldBeTrue();
        classifier.OfCode("BUSY").IsTransient.ShouldBeFalse();
    }

    [Theory]
    [InlineData("retry_on.http", "400")]
    [InlineData("retry_on.http", "404")]
    [InlineData("retry_on.http", "409")]
    [InlineData("retry_on.http", "200")]
    [InlineData("retry_on.http", "600")]
    [InlineData("retry_on.http", "-1")]
    [InlineData("retry_on.grpc", "ALREADY_EXISTS")]
    [InlineData("retry_on.grpc", "INVALID_ARGUMENT")]
    [InlineData("retry_on.grpc", "OK")]
    [InlineData("retry_on.grpc", "unavailable")]
    [InlineData("retry_on.grpc", "", "''")]
    [InlineData("retry_on.codes", "", "''")]
    [InlineData("retry_on.codes", " ", "' '")]
    [InlineData("retry_on.codes", "12345678901234567890123456789012345678901234567890123456789012345", "'123456789012345678901234567890123456789012345678901234567890...'")]
    public void A_set_with_what_must_not_be_in_it_is_refused(string key, string value, string? shown = null)
    {
        var signals = key switch
        {
            "retry_on.http" => new RetrySignals { Http = [503, int.Parse(value, System.Globalization.CultureInfo.InvariantCulture)] },
            "retry_on.grpc" => new RetrySignals { Grpc = ["UNAVAILABLE", value] },
            _ => new RetrySignals { Codes = ["BUSY", value] },
        };
        var error = Should.Throw<PolicyInvalidException>(() => new FailureClassifier(signals)).Errors.ShouldHaveSingleItem();
        (error.Key, error.Value).ShouldBe((key, shown ?? value));
        error.Expected.ShouldStartWith("must ");
    }

    [Theory]
    [InlineData(503, AttemptOutcome.Transient)]
    [InlineData(404, AttemptOutcome.Permanent)]
    [InlineData(302, AttemptOutcome.Permanent)]
    [InlineData(200, AttemptOutcome.Permanent)]
    public void An_exception_with_a_status_is_judged_by_it_and_is_never_a_success(int status, AttemptOutcome outcome) =>
        _classifier.OfException(new HttpRequestException("no", null, (HttpStatusCode)status)).Outcome.ShouldBe(outcome);

    [Fact]
    public void An_exception_that_is_not_the_connections_is_final()
    {
        foreach (var exception in (Exception[])[new InvalidOperationException(), new NotSupportedException(), new FormatException()])
        {
            _classifier.OfException(exception).ShouldBe(new Verdict(AttemptOutcome.Permanent, "exception"));
        }
    }

    [Fact]
    public void A_call_that_inner_tiers_ended_is_not_retried_by_outer_ones()
    {
        var refusal = new Refusal(RefusalKind.BreakerOpen, "stock", ReleaseChannel.Stable, 0, TimeSpan.Zero, null, TimeSpan.Zero, TimeSpan.Zero);
        _classifier.OfException(refusal.ToException()).Outcome.ShouldBe(AttemptOutcome.Permanent);
    }
}
