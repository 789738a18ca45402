using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using Tests;

namespace ResilientShop.Benchmarks.Degradation;

/// <summary>
/// From the sample that crosses the limits to the action in effect, for a row of the matrix: 200 services in one process, each with its own decisions, 25 of them driven over
/// their limits at a time. An alert is in effect when a logger has it; degradation when the service's position has changed; a break when the position has changed and people on
/// call have the webhook's request, over a real connection.
/// </summary>
internal static class SwitchTimes
{
    private const int Services = 200;
    private const int AtATime = 25;

    private static readonly TimeSpan BetweenSamples = TimeSpan.FromMilliseconds(6);

    /// <summary>It takes a fifth of a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Short windows, so that a run does not take minutes; the way from the sample to the action does not know them.</summary>
    private static readonly DegradationPolicy Policy = new()
    {
        Window = TimeSpan.FromSeconds(2), RateTime = TimeSpan.FromSeconds(1), SlopeTime = TimeSpan.FromSeconds(10),
    };

    /// <summary>Milliseconds, in ascending order.</summary>
    public static async Task<double[]> MeasureAsync(DegradationLevel level)
    {
        await using var people = People.Start();
        using var log = new LogTimes();
        using var stop = new CancellationTokenSource();
        var webhook = level == DegradationLevel.Broken ? await people.StartWebhookAsync(stop.Token) : null;
        var report = new DegradationReport(new ResilienceMetrics(), log);
        var services = Enumerable.Range(0, Services).Select(index => new Driven(index, log, people, report, webhook)).ToList();
        var running = services.Select(service => Task.Run(() => service.Degradation.RunAsync(stop.Token))).ToList();
        if (level == DegradationLevel.Broken)
        {
            await FlowAndCollapseAsync(services);
        }

        await Parallel.ForEachAsync(services, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, (service, _) => new ValueTask(service.DriveAsync(level)));
        await stop.CancelAsync();
        await Task.WhenAll(running);
        return [.. services.Select(service => service.Milliseconds).Order()];
    }

    /// <summary>Twelve seconds of 40 requests a second each, then none: after three more the slope is far below its limit.</summary>
    private static async Task FlowAndCollapseAsync(List<Driven> services)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var tick = 0; tick < 12 * 20; tick++)
        {
            foreach (var service in services)
            {
                service.Record(isBad: false, isFailed: false);
                service.Record(isBad: false, isFailed: false);
            }

            await timer.WaitForNextTickAsync();
        }

        await Task.Delay(TimeSpan.FromSeconds(3));
    }

    /// <summary>A service that is driven over its limits.</summary>
    private sealed class Driven
    {
        private readonly TaskCompletionSource<long> _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly LogTimes _log;
        private readonly People _people;
        private readonly EndpointSignals _endpoint;
        private readonly string _name;

        public Driven(int index, LogTimes log, People people, DegradationReport report, DegradationWebhook? webhook)
        {
            (_log, _people, _name) = (log, people, FormattableString.Invariant($"service-{index}"));
            Degradation = new ServiceDegradation(_name, Policy, TimeProvider.System, change =>
            {
                _changed.TrySetResult(Stopwatch.GetTimestamp());
                report.OnChange(change);
                webhook?.OnChange(change);
            });
            _endpoint = Degradation.Endpoint("a");
        }

        public ServiceDegradation Degradation { get; }

        public double Milliseconds { get; private set; }

        public void Record(bool isBad, bool isFailed) => Degradation.Record(
            _endpoint, Degradation.Current, tookNormalWay: true, Stopwatch.GetTimestamp() - (isBad ? 3 * Stopwatch.Frequency : Stopwatch.Frequency / 100), isFailed);

        public async Task DriveAsync(DegradationLevel level)
        {
            var wanted = level switch
            {
                DegradationLevel.Alert => Signals.P99,
                DegradationLevel.Degraded => Signals.P99 | Signals.Errors,
                _ => Signals.P99 | Signals.Errors | Signals.Slope,
            };
            long crossedAt, begunAt = Stopwatch.GetTimestamp();
            do
            {
                if (Stopwatch.GetElapsedTime(begunAt) > Patience)
                {
                    throw new InvalidOperationException($"{_name} does not cross its limits; the machine is too busy to measure it: {Degradation.Reading}");
                }

                await Task.Delay(BetweenSamples);
                crossedAt = Stopwatch.GetTimestamp();
                Record(isBad: true, isFailed: level > DegradationLevel.Alert);
            }
            while (!DegradationEngine.Crossed(Degradation.Reading, Policy).HasFlag(wanted));

            var effectAt = await _changed.Task;
            if (Degradation.Current.Level != level)
            {
                throw new InvalidOperationException($"{_name} is at {Degradation.Current.Level} and not at {level}: {Degradation.Changes[^1].Reason}");
            }

            effectAt = level switch
            {
                DegradationLevel.Alert => await _log.OfAsync(_name),
                DegradationLevel.Broken => Math.Max(effectAt, await _people.OfAsync(_name)),
                _ => effectAt,
            };
            Milliseconds = Stopwatch.GetElapsedTime(crossedAt, effectAt).TotalMilliseconds;
        }
    }

    /// <summary>When something first came that names a service.</summary>
    private class Times
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, TaskCompletionSource<long>> _times = new(StringComparer.Ordinal);

        public Task<long> OfAsync(string name) => Of(name).Task;

        protected void Came(string name, long at) => Of(name).TrySetResult(at);

        private TaskCompletionSource<long> Of(string name) => _times.GetOrAdd(name, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    /// <summary>A logger that notes when it has a line.</summary>
    private sealed class LogTimes : Times, ILoggerProvider, ILogger<DegradationReport>
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            Came(line["Degradation of ".Length..line.IndexOf(':', StringComparison.Ordinal)], Stopwatch.GetTimestamp());
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    /// <summary>A server that takes the webhook's requests.</summary>
    private sealed class People : Times, IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly string _address = FormattableString.Invariant($"http://127.0.0.1:{LoopbackPort.Free()}/");
        private ServiceProvider? _services;

        public static People Start()
        {
            var people = new People();
            people._listener.Prefixes.Add(people._address);
            people._listener.Start();
            _ = people.ServeAsync();
            return people;
        }

        public async Task<DegradationWebhook> StartWebhookAsync(CancellationToken stop)
        {
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddResilientHttpClient(DegradationWebhook.Client);
            _services = services.BuildServiceProvider();
            var webhook = new DegradationWebhook(
                _services.GetRequiredService<IHttpClientFactory>(),
                Options.Create(new WebhookOptions { Address = new Uri(_address) }),
                TimeProvider.System,
                _services.GetRequiredService<ILogger<DegradationWebhook>>());
            await webhook.StartAsync(stop);

            // The receiver is warm, as whoever is on call has one; the sender is as its rehearsal left it.
            using var client = new HttpClient();
            for (var notice = 0; notice < 20; notice++)
            {
                using var answer = await client.PostAsync(_address, new StringContent("""{"service":"receiver"}"""), stop);
            }

            return webhook;
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            if (_services is not null)
            {
                await _services.DisposeAsync();
            }
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    var request = await _listener.GetContextAsync();
                    var at = Stopwatch.GetTimestamp();
                    using var notice = await System.Text.Json.JsonDocument.ParseAsync(request.Request.InputStream);
                    Came(notice.RootElement.GetProperty("service").GetString()!, at);
                    request.Response.Close();
                }
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                // The measurement is over.
            }
        }
    }
}
