using System.Net.Sockets;

namespace Resilience.Tests.Classification;

/// <summary>What a request that must not act twice is retried on: only what says for certain that it never left.</summary>
public sealed class ConnectionFailureTests
{
    public static TheoryData<SocketError> LostRoutes =>
        [SocketError.HostUnreachable, SocketError.NetworkUnreachable, SocketError.HostDown, SocketError.ConnectionRefused, SocketError.ConnectionReset, SocketError.TimedOut];

    [Theory]
    [MemberData(nameof(LostRoutes))]
    public void What_a_stream_says_comes_after_sending(SocketError error)
    {
        var lost = new IOException("Unable to read data from the transport connection.", new SocketException((int)error));
        foreach (var exception in (Exception[])[lost, new HttpRequestException("An error occurred while sending the request.", lost)])
        {
            ConnectionFailure.IsBeforeSending(exception).ShouldBeFalse();
            ConnectionFailure.Judge(exception).Outcome.ShouldBe(AttemptOutcome.TransportFailure);
        }
    }

    [Theory]
    [MemberData(nameof(LostRoutes))]
    public void What_connecting_says_comes_before_sending(SocketError error)
    {
        var failure = new HttpRequestException(HttpRequestError.ConnectionError, "no", new SocketException((int)error));
        ConnectionFailure.IsBeforeSending(failure).ShouldBeTrue();
    }

    [Theory]
    [InlineData(SocketError.HostUnreachable)]
    [InlineData(SocketError.NetworkUnreachable)]
    [InlineData(SocketError.ConnectionReset)]
    public void A_socket_that_may_have_been_connected_is_not_known_to_have_sent_nothing(SocketError error) =>
        ConnectionFailure.IsBeforeSending(new SocketException((int)error)).ShouldBeFalse();

    [Theory]
    [InlineData(SocketError.HostNotFound)]
    [InlineData(SocketError.TryAgain)]
    [InlineData(SocketError.NoData)]
    public void A_name_without_an_address_is_dns_however_it_is_told(SocketError error)
    {
        var socket = new SocketException((int)error);
        foreach (var exception in (Exception[])
            [socket, new HttpRequestException(HttpRequestError.NameResolutionError, "no", socket), new HttpRequestException(HttpRequestError.ConnectionError, "no", socket)])
        {
            var verdict = ConnectionFailure.Judge(exception);
            (verdict.Reason, verdict.NeverSent).ShouldBe(("dns", true));
        }
    }

    [Fact]
    public void A_timeout_below_says_nothing_of_whether_the_request_left()
    {
        foreach (var exception in (Exception[])[new TimeoutException(), new TaskCanceledException("", new TimeoutException()), new OperationCanceledException()])
        {
            ConnectionFailure.Judge(exception).ShouldBe(Verdict.AttemptTimeout);
        }
    }
}
