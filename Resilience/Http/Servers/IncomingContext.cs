using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>Reads from a request's headers how long its caller waits, whether it is retrying, and for which release it asks.</summary>
internal static class IncomingContext
{
    private const string GrpcTimeout = "grpc-timeout";
    private const int MostAttempts = 1000;

    /// <summary>A value that is none is ignored and counted: whoever sent it is a stranger or has a defect, and neither may stop a request.</summary>
    public static CallContext Read(HttpRequest request, TimeProvider time, Action<string> ignored) => new()
    {
        Deadline = DeadlineOf(request, time, ignored),
        CallerAttempt = AttemptOf(request, ignored),
        Channel = ChannelOf(request, ignored),
    };

    public static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    private static Deadline DeadlineOf(HttpRequest request, TimeProvider time, Action<string> ignored)
    {
        var name = IsGrpc(request) ? GrpcTimeout : ResilienceHeaders.DeadlineMs;
        if (!request.Headers.TryGetValue(name, out var values))
        {
            return Deadline.None;
        }

        Deadline deadline;
        if (name == GrpcTimeout ? TryParseGrpc(values, time, out deadline) : Deadline.TryParse(values, time, out deadline))
        {
            return deadline;
        }

        ignored(name);
        return Deadline.None;
    }

    /// <summary>At most eight digits and a unit: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.</summary>
    private static bool TryParseGrpc(string? text, TimeProvider time, out Deadline deadline)
    {
        deadline = Deadline.None;
        if (text is not { Length: >= 2 and <= 9 } || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            return false;
        }

        // Nanoseconds are finer than a tick, and eight digits of hours are longer than any deadline.
        double? unit = text[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => TimeSpan.TicksPerMicrosecond / 1000.0,
            _ => null,
        };
        if (unit is { } ticks)
        {
            deadline = Deadline.After(TimeSpan.FromTicks((long)Math.Min(amount * ticks, Deadline.MaxBudget.Ticks)), time);
        }

        return unit is not null;
    }

    private static int AttemptOf(HttpRequest request, Action<string> ignored)
    {
        if (!request.Headers.TryGetValue(ResilienceHeaders.RetryAttempt, out var values))
        {
            return 0;
        }

        if (int.TryParse(values, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) && attempt <= MostAttempts)
        {
            return attempt;
        }

        ignored(ResilienceHeaders.RetryAttempt);
        return 0;
    }

    private static ReleaseChannel ChannelOf(HttpRequest request, Action<string> ignored)
    {
        if (!request.Headers.TryGetValue(ResilienceHeaders.ReleaseChannel, out var values))
        {
            return ReleaseChannel.Stable;
        }

        if (!ReleaseChannels.TryParse(values, out var channel))
        {
            ignored(ResilienceHeaders.ReleaseChannel);
        }

        return channel;
    }
}
