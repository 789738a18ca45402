using System.Net;
using System.Net.Http.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Tells people on call of a broken service by a webhook, at once and again until it is taken. At most 100 messages wait; then the oldest is given up, because whoever is
/// told late wants the newest.
/// </summary>
internal sealed partial class DegradationWebhook(
    IHttpClientFactory clients, IOptions<WebhookOptions> options, TimeProvider time, ILogger<DegradationWebhook> logger) : BackgroundService, IDegradationListener
{
    /// <summary>Name of the client and of the dependency.</summary>
    public const string Client = "sre-webhook";

    private const int MostWaiting = 100;

    private static readonly TimeSpan LongestRehearsal = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Channel<DegradationChange> _changes = Channel.CreateBounded<DegradationChange>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void OnChange(DegradationChange change)
    {
        var from = options.Value.From;
        if (change.From.Level != change.To.Level && (change.To.Level >= from || change.From.Level >= from))
        {
            _changes.Writer.TryWrite(change);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await RehearseAsync(stoppingToken);
        await foreach (var change in _changes.Reader.ReadAllAsync(stoppingToken))
        {
            for (var failures = 0; !await SendAsync(change, stoppingToken); failures++)
            {
                await Task.Delay(Backoff.Exponential(FirstPause, LongestPause, failures), time, stoppingToken);
            }
        }
    }

    /// <summary>It may fail: then the first message takes longer.</summary>
    private async Task RehearseAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(LongestRehearsal, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var notice = new Notice("rehearsal", "normal", "normal", 1, "to be quick when it counts", time.GetUtcNow(), "rehearsal");
            await WebhookRehearsal.RunAsync((address, cancel) => PostAsync(address, notice, cancel), either.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRehearsed(exception);
        }
    }

    private async Task<bool> SendAsync(DegradationChange change, CancellationToken cancellationToken)
    {
        try
        {
            var status = await PostAsync(options.Value.Address!, Notice.Of(change), cancellationToken);
            if ((int)status is >= 200 and < 300)
            {
                return true;
            }

            LogRefused((int)status);
            return false;
        }
        catch (HttpRequestException exception)
        {
            LogFailed(exception.HttpRequestError, exception.StatusCode);
            return false;
        }
    }

    private async Task<HttpStatusCode> PostAsync(Uri address, Notice notice, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var answer = await client.PostAsJsonAsync(address, notice, cancellationToken);
        return answer.StatusCode;
    }

    [LoggerMessage(LogLevel.Debug, "The webhook for people on call could not be rehearsed; its first message takes longer")]
    private partial void LogNotRehearsed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The webhook for people on call answered {Status}; it is tried again")]
    private partial void LogRefused(int status);

    [LoggerMessage(LogLevel.Warning, "The webhook for people on call could not be reached ({Error}, {Status}); it is tried again")]
    private partial void LogFailed(HttpRequestError error, HttpStatusCode? status);

    /// <summary>What is sent.</summary>
    private sealed record Notice(string Service, string From, string To, double NormalShare, string Reason, DateTimeOffset At, string Text)
    {
        public static Notice Of(DegradationChange change)
        {
            var (from, to) = (change.From.Level.ToName(), change.To.Level.ToName());
            return new Notice(change.Service, from, to, change.To.NormalShare, change.Reason, change.At, $"{change.Service}: {from} -> {to}. {change.Reason}");
        }
    }
}
