using Microsoft.Extensions.Options;
using ResilientShop.Contracts;
using ResilientShop.Payments.ProviderClient;
using ResilientShop.Payments.Records;
using ResilientShop.Resilience;

namespace ResilientShop.Payments.Capturing;

/// <summary>
/// Captures what was only authorized while Payments was degraded, until it is done. Any number of instances share the work: each takes payments for a while, and what it
/// leaves behind when it dies comes up again. The provider captures a payment once however often it is asked.
/// </summary>
internal sealed partial class CaptureLater(
    PaymentTable payments, PaymentProvider provider, CaptureSignal signal, IHostApplicationLifetime lifetime, IOptions<CaptureOptions> options, TimeProvider time, ILogger<CaptureLater> logger)
    : BackgroundService
{
    private readonly CaptureOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The simulated provider is this process: it answers once the process listens.
        await UntilStartedAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            var taken = 0;
            try
            {
                var due = await payments.TakeAuthorizedAsync(_options.Concurrency, _options.Lease, stoppingToken);
                taken = due.Count;
                await Task.WhenAll(due.Select(payment => CaptureAsync(payment, stoppingToken)));
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, the payments come up again when their time is over; a worker that ends would end the whole service.
                LogNotCaptured(exception.Message, exception);
                taken = 0;
            }

            if (taken < _options.Concurrency)
            {
                await signal.WaitAsync(_options.Look, time, stoppingToken);
            }
        }
    }

    private async Task UntilStartedAsync(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(cancellationToken);
    }

    private async Task CaptureAsync(AuthorizedPayment payment, CancellationToken cancellationToken)
    {
        using var own = CallContext.Use(CallContext.None);
        var answer = await provider.CaptureAsync(payment.OrderId, cancellationToken);
        switch (answer.Outcome)
        {
            case ProviderOutcome.Captured:
                await payments.CaptureAsync(payment.OrderId, receipt: null, CancellationToken.None);
                break;
            case ProviderOutcome.Voided:
                await payments.RefundAsync(payment.OrderId, answer.WasCaptured, CancellationToken.None);
                break;
            case ProviderOutcome.Declined:
                // The provider has broken its word. A person must see it: the order is confirmed.
                await payments.DeclineAsync(payment.OrderId, ProblemCodes.CardDeclined, CancellationToken.None);
                LogDeclined(payment.OrderId);
                break;
            default:
                var pause = Backoff.Exponential(_options.FirstPause, _options.LongestPause, payment.Failures);
                await payments.CaptureFailedAsync(payment.OrderId, answer.RetryAfter > pause ? answer.RetryAfter.Value : pause, CancellationToken.None);
                break;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Payments that are authorized could not be captured now; they are tried again: {Problem}")]
    private partial void LogNotCaptured(string problem, Exception exception);

    [LoggerMessage(LogLevel.Error, "Order {OrderId}: the payment provider declined to capture what it had authorized")]
    private partial void LogDeclined(Guid orderId);
}
