using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Measures the outbox on every instance, on a connection of its own, and says when messages wait too long: the relay, which would know,
/// may be what fails. Each instance says it once when it begins and once when it ends.
/// </summary>
internal sealed partial class OutboxWatch(
    NpgsqlDataSource dataSource, OutboxMetrics metrics, IOptions<OutboxOptions> options, TimeProvider time, ILogger<OutboxWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>A table of fewer rows is read in no time: a look that took long had to wait, for the database or for this process, and is no reason to look less often.</summary>
    private const int ShortTable = 10_000;

    /// <summary>
    /// Measuring reads the table; when an outage made it long, it is measured less often, so that looking takes a twentieth of the time.
    /// </summary>
    private const int RestsPerLook = 20;

    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    private readonly OutboxOptions _options = options.Value;
    private bool _isOverdue;
    private long _rounds;

    /// <summary>How often it has looked and judged; tests wait for it.</summary>
    internal long Rounds => Interlocked.Read(ref _rounds);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        try
        {
            var nextLook = TimeSpan.Zero;
            var start = time.GetTimestamp();
            using var timer = new PeriodicTimer(Interval, time);
            do
            {
                if (time.GetElapsedTime(start) >= nextLook)
                {
                    nextLook = await LookAsync(stoppingToken) + time.GetElapsedTime(start);
                }

                Judge();
                Interlocked.Increment(ref _rounds);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopping();
        }
    }

    /// <summary>How long to rest after a look.</summary>
    internal static TimeSpan RestAfter(OutboxSize size, TimeSpan took) =>
        size.Pending + size.Parked < ShortTable ? TimeSpan.Zero : took < LongestRest / RestsPerLook ? took * RestsPerLook : LongestRest;

    /// <returns>How long to rest.</returns>
    private async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        try
        {
            var size = await OutboxTable.MeasureAsync(dataSource, cancellationToken);
            metrics.Measured(size);
            return RestAfter(size, time.GetElapsedTime(start));
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException)
        {
            // What waited goes on ageing in the gauge.
            LogNotMeasured(exception.Message);
            return TimeSpan.Zero;
        }
    }

    private void Judge()
    {
        var age = metrics.OldestAge;
        if (age > _options.AlarmAfter && !_isOverdue)
        {
            _isOverdue = true;
            LogOverdue(age.TotalSeconds, metrics.Pending, _options.AlarmAfter.TotalSeconds);
        }
        else if (age <= _options.AlarmAfter && _isOverdue)
        {
            _isOverdue = false;
            LogNoLongerOverdue(metrics.Pending);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The oldest message of the outbox has waited {Age:0} s of at most {Limit:0} s, {Pending} wait. Is the broker reachable, and does an instance relay?")]
    private partial void LogOverdue(double age, long pending, double limit);

    [LoggerMessage(Level = LogLevel.Information, Message = "Messages of the outbox leave in time again, {Pending} wait")]
    private partial void LogNoLongerOverdue(long pending);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The outbox was not measured: {Reason}")]
    private partial void LogNotMeasured(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The outbox is no longer watched")]
    private partial void LogStopping();
}
