using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Resilience.Tests.Deadlines;

/// <summary>What a server makes of its callers' headers.</summary>
public sealed class IncomingContextTests
{
    private readonly VirtualClock _clock = new();
    private readonly List<string> _ignored = [];

    [Fact]
    public void Without_headers_there_is_no_deadline_no_retry_and_the_stable_release()
    {
        var context = Read();
        context.Deadline.IsNone.ShouldBeTrue();
        (context.CallerAttempt, context.Channel).ShouldBe((0, ReleaseChannel.Stable));
        _ignored.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("500", 500)]
    [InlineData("3600000", 3_600_000)]
    public void A_deadline_header_is_the_time_that_is_left(string text, int ms)
    {
        Read(("x-deadline-ms", text)).Deadline.Remaining.ShouldBe(TimeSpan.FromMilliseconds(ms));
        _ignored.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData(" 5")]
    [InlineData("5,6")]
    [InlineData("3600001")]
    [InlineData("99999999999999999999")]
    public void A_deadline_header_that_is_none_is_ignored_and_counted(string text)
    {
        Read(("x-deadline-ms", text)).Deadline.IsNone.ShouldBeTrue();
        _ignored.ShouldBe(["x-deadline-ms"]);
    }

    [Theory]
    [InlineData("x-deadline-ms")]
    [InlineData("x-retry-attempt")]
    [InlineData("X-Release-Channel")]
    public void A_header_that_comes_twice_is_ignored_and_counted(string name)
    {
        var context = Read((name, new StringValues(["5", "5"])));
        context.Deadline.IsNone.ShouldBeTrue();
        context.CallerAttempt.ShouldBe(0);
        _ignored.ShouldBe([name]);
    }

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("99999999H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("99999999M", 3_600_000)]
    [InlineData("3S", 3000)]
    [InlineData("250m", 250)]
    [InlineData("99999999m", 3_600_000)]
    [InlineData("1500u", 1.5)]
    [InlineData("1000000n", 1)]
    [InlineData("1n", 0)]
    [InlineData("0m", 0)]
    [InlineData("00000005S", 5000)]
    public void A_grpc_timeout_is_read_in_every_unit_and_cut_to_an_hour(string text, double ms)
    {
        ReadGrpc(text).Deadline.Remaining.ShouldBe(TimeSpan.FromMilliseconds(ms));
        _ignored.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("5")]
    [InlineData("5s")]
    [InlineData("5h")]
    [InlineData("5 m")]
    [InlineData("-5m")]
    [InlineData("+5m")]
    [InlineData("1.5S")]
    [InlineData("100000000m")]
    [InlineData("5m,5m")]
    [InlineData("\u0661m")]
    public void A_grpc_timeout_that_is_none_is_ignored_and_counted(string text)
    {
        ReadGrpc(text).Deadline.IsNone.ShouldBeTrue();
        _ignored.ShouldBe(["grpc-timeout"]);
    }

    [Fact]
    public void Only_grpc_requests_have_a_grpc_timeout()
    {
        Read(("grpc-timeout", "5m")).Deadline.IsNone.ShouldBeTrue();
        _ignored.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("1", 1, 0)]
    [InlineData("1000", 1000, 0)]
    [InlineData("1001", 0, 1)]
    [InlineData("-1", 0, 1)]
    [InlineData("", 0, 1)]
    [InlineData("one", 0, 1)]
    [InlineData("99999999999", 0, 1)]
    public void An_attempt_number_is_read_or_ignored_and_counted(string text, int attempt, int ignored)
    {
        Read(("x-retry-attempt", text)).CallerAttempt.ShouldBe(attempt);
        _ignored.Count.ShouldBe(ignored);
    }

    [Theory]
    [InlineData("canary", ReleaseChannel.Canary, 0)]
    [InlineData("Canary", ReleaseChannel.Canary, 0)]
    [InlineData("stable", ReleaseChannel.Stable, 0)]
    [InlineData("beta", ReleaseChannel.Stable, 1)]
    [InlineData("", ReleaseChannel.Stable, 1)]
    public void A_channel_is_read_or_ignored_and_counted(string text, ReleaseChannel channel, int ignored)
    {
        Read(("X-Release-Channel", text)).Channel.ShouldBe(channel);
        _ignored.Count.ShouldBe(ignored);
    }

    [Fact]
    public void Whatever_the_headers_hold_reading_them_never_throws() =>
        Gen.Select(Gen.String, Gen.String, Gen.String, Gen.Bool).Sample((deadline, attempt, channel, isGrpc) =>
        {
            var context = Read(
                ("x-deadline-ms", deadline), ("grpc-timeout", deadline), ("x-retry-attempt", attempt), ("X-Release-Channel", channel), ("Content-Type", isGrpc ? "application/grpc" : attempt));
            return context.CallerAttempt is >= 0 and <= 1000 && (context.Deadline.IsNone || context.Deadline.Remaining <= Deadline.MaxBudget);
        }, threads: 1);

    private CallContext ReadGrpc(string timeout) => Read(("Content-Type", "application/grpc+proto"), ("grpc-timeout", timeout), ("x-deadline-ms", "7"));

    private CallContext Read(params (string Name, StringValues Value)[] headers)
    {
        var http = new DefaultHttpContext();
        foreach (var (name, value) in headers)
        {
            http.Request.Headers[name] = value;
        }

        return IncomingContext.Read(http.Request, _clock, _ignored.Add);
    }
}
