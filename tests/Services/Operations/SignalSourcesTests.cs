using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Services.Tests.ServiceDefaults;

namespace Services.Tests.Operations;

/// <summary>
/// The two sources of the signals, an instance's own window and a real Prometheus with the shipped rules, under the same traffic. Only the windows are shorter than shipped: as short as
/// a policy allows for the instance's own.
/// </summary>
[Collection(nameof(Alone))]
public sealed partial class SignalSourcesTests
{
    /// <summary>
    /// OpenTelemetry collects the instruments of a whole process, and takes those of one name for one: the metrics of a host that another test starts and stops beside it would end
    /// with that one.
    /// </summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;

    /// <summary>A bucket is 1.25 times the one before; and the windows end at the last scrape.</summary>
    private const double P99Factor = 1.3;

    private const double ErrorTolerance = 0.015;
    private const double RateTolerance = 0.1;
    private const double SlopeTolerance = 0.25;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 240_000)]
    public async Task Both_sources_agree_on_each_signal_and_through_a_restart_of_Prometheus()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var prometheus = new PrometheusServer();
        await using var app = await StartAsync(prometheus.Address);
        var (own, client) = (app.Get<ServiceDegradation>(), app.Get<PrometheusClient>());
        await prometheus.StartAsync("500ms", Shortened(await File.ReadAllTextAsync(ShippedRules.Path, cancel)), ("shop", app.Http.BaseAddress!));
        (await prometheus.RulesAsync(cancel)).Where(rule => rule.Health == "err").ShouldBeEmpty();
        await using var traffic = new Traffic(app.Http);

        // As much as ever: all windows fill, and then hold the same.
        traffic.Rate = 150;
        await UntilAsync("the samples", () => ReadAsync(client), fleet => fleet is { Problem: null, IsSteady: true } && Differs(own.Reading, fleet) is null && own.Reading.Rate > 100);

        // It falls, by 10 a second each second.
        traffic.Slope = -10;
        await UntilAsync("the slope", () => ReadAsync(client), fleet => own.Reading.Slope < -4 && fleet.Evidence.Slope < -4 && DiffersInSlope(own.Reading, fleet) is null);
        traffic.Slope = 0;
        traffic.Rate = 50;

        await prometheus.StopAsync();
        (await ReadAsync(client)).Problem!.ShouldStartWith("Prometheus did not answer");
        await prometheus.StartAgainAsync();
        await UntilAsync("the samples after a restart", () => ReadAsync(client), fleet => fleet.Problem is null && Differs(own.Reading, fleet) is null);
        (await prometheus.RulesAsync(cancel)).ShouldAllBe(rule => rule.Health == "ok");

        async Task UntilAsync(string what, Func<Task<FleetReading>> read, Func<FleetReading, bool> agrees)
        {
            var patience = Stopwatch.StartNew();
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            for (var times = 0; times < 3;)
            {
                var fleet = await read();
                times = agrees(fleet) ? times + 1 : 0;
                if (patience.Elapsed > TimeSpan.FromSeconds(60))
                {
                    throw new InvalidOperationException($"The sources differ about {what}: {Differs(own.Reading, fleet)} {DiffersInSlope(own.Reading, fleet)} own {own.Reading}, fleet {fleet}");
                }

                await timer.WaitForNextTickAsync(Cancel);
            }

            var (ours, theirs) = (own.Reading, await read());
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: P99 {ours.All.P99.TotalMilliseconds:0} / {theirs.P99 * 1000:0} ms, errors {ours.All.ErrorRatio:P2} / {theirs.ErrorRatio:P2}, rate {ours.Rate:0.0} / {theirs.Signals.Rate:0.0}, slope {ours.Slope:0.00} / {theirs.Signals.Slope:0.00}"));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task The_shipped_rules_pass_their_tests()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var promtool = Process.Start(new ProcessStartInfo(await PrometheusProgram.FindAsync("promtool", cancel), ["test", "rules", "degradation.rules.test.yml"])
        {
            WorkingDirectory = ShippedRules.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, failed) = (promtool.StandardOutput.ReadToEndAsync(cancel), promtool.StandardError.ReadToEndAsync(cancel));
        await promtool.WaitForExitAsync(cancel);
        promtool.ExitCode.ShouldBe(0, await said + await failed);
    }

    /// <summary>The windows of the policy below, at two evaluations a second: a scrape that must be done sooner is not done on a busy machine.</summary>
    private static string Shortened(string rules)
    {
        var text = rules.Replace("interval: 1s", "interval: 500ms", StringComparison.Ordinal)
            .Replace("[2m:6s]", "[10s:500ms]", StringComparison.Ordinal).Replace("[7s]", "[1s]", StringComparison.Ordinal)
            .Replace("[1m:3s]", "[10s:500ms]", StringComparison.Ordinal).Replace("[4s]", "[1s]", StringComparison.Ordinal)
            .Replace("[3m:1s]", "[10s:1s]", StringComparison.Ordinal).Replace("[3m]", "[10s]", StringComparison.Ordinal);
        return Minutes().Replace(text, "[10s]");
    }

    [GeneratedRegex(@"\[[125]m\]")]
    private static partial Regex Minutes();

    private static async Task<FleetReading> ReadAsync(PrometheusClient client) => SignalRules.Read(await client.QueryAsync(SignalRules.All, Cancel), ["shop"])["shop"];

    private static string? Differs(SignalReading own, FleetReading fleet)
    {
        var signals = fleet.Signals;
        var factor = own.All.P99 / signals.Timed.P99;
        return factor is < 1 / P99Factor or > P99Factor or double.NaN ? $"P99 {own.All.P99} and {signals.Timed.P99}"
            : !(Math.Abs(own.All.ErrorRatio - (fleet.ErrorRatio ?? double.NaN)) <= ErrorTolerance) ? $"errors {own.All.ErrorRatio} and {fleet.ErrorRatio}"
            : !(Math.Abs(1 - (own.Rate / signals.Rate ?? double.NaN)) <= RateTolerance) ? $"rate {own.Rate} and {signals.Rate}"
            : !(Math.Abs(1 - ((double)own.All.Slow / signals.Timed.Slow)) <= 3 * RateTolerance) ? $"slow {own.All.Slow} and {signals.Timed.Slow}"
            : null;
    }

    private static string? DiffersInSlope(SignalReading own, FleetReading fleet) =>
        Math.Abs(1 - (own.Slope / fleet.Evidence.Slope ?? double.NaN)) <= SlopeTolerance ? null : $"slope {own.Slope} and {fleet.Evidence.Slope}";

    private static async Task<DefaultsApp> StartAsync(Uri prometheus)
    {
        var folder = Directory.CreateTempSubdirectory("shop-tests-signals-").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "resilience.yaml"),
            "degradation: { window_ms: 10000, rate_ms: 10000, slope_ms: 10000, p99_limit_ms: 150, alert_on: [], degrade_on: [], break_on: [] }",
            Cancel);
        var builder = DefaultsApp.CreateBuilder(("OTEL_SERVICE_NAME", "shop"), ("Policies:Folder", folder), ("Policies:Follow", "false"));
        builder.Services.AddPrometheusClient(prometheus.ToString());
        var app = await DefaultsApp.StartAsync(builder, app => app.MapGet("/work", async (int ms, bool fails, CancellationToken cancel) =>
        {
            // How long it takes and how it ends is what is measured here.
            await Task.Delay(ms, cancel);
            return fails ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable) : Results.Ok();
        }).WithSignals("work"));
        Directory.Delete(folder, recursive: true);
        return app;
    }

    /// <summary>Requests at a rate that may change: 1 of 12 fails, 1 of 25 takes 0.4 s and all others 5 to 60 ms.</summary>
    private sealed class Traffic : IAsyncDisposable
    {
        private readonly HttpClient _http;
        private readonly CancellationTokenSource _ending = new();
        private readonly Task _running;
        private double _rate;

        public Traffic(HttpClient http)
        {
            _http = http;
            _running = RunAsync();
        }

        /// <summary>Requests per second.</summary>
        public double Rate
        {
            get => Volatile.Read(ref _rate);
            set => Volatile.Write(ref _rate, value);
        }

        /// <summary>How the rate changes, in 1/s^2.</summary>
        public double Slope { get; set; }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _running;
            _ending.Dispose();
        }

        private async Task RunAsync()
        {
            var (began, sent, due) = (Stopwatch.StartNew(), 0L, 0.0);
            var last = TimeSpan.Zero;
            var under = new List<Task>();
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            while (!_ending.IsCancellationRequested)
            {
                await timer.WaitForNextTickAsync();
                var now = began.Elapsed;
                Rate = Math.Max(5, Rate + (Slope * (now - last).TotalSeconds));
                due += Rate * (now - last).TotalSeconds;
                last = now;
                for (; due >= 1; due--)
                {
                    under.Add(SendAsync(sent++));
                }

                under.RemoveAll(request => request.IsCompletedSuccessfully);
            }

            await Task.WhenAll(under);
        }

        private async Task SendAsync(long number)
        {
            var ms = number % 25 == 0 ? 400 : 5 + (number % 12 * 5);
            using var answer = await _http.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/work?ms={ms}&fails={(number % 12 == 5 ? "true" : "false")}"), CancellationToken.None);
        }
    }
}
