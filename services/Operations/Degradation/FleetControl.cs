using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Degradation;

/// <summary>
/// Once a second asks Prometheus for the signals of all services, lets each service's <see cref="FleetController"/> decide, and says what they say to the fleet.
/// </summary>
internal sealed partial class FleetControl(
    PrometheusClient prometheus, IFleetStore store, FleetState fleet, FleetIdentity identity, ServiceDegradation own, DependencyRegistry policies, FleetRecord record, TimeProvider time,
    ILogger<FleetControl> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, FleetController> _controllers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FleetDegradation> _said = new(StringComparer.Ordinal);
    private readonly string _name = $"{identity.Name} by Prometheus";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        record.Source = prometheus.Address;
        using var timer = new PeriodicTimer(Pace, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await DecideAsync(stoppingToken);
        }
    }

    /// <summary>One round.</summary>
    internal async Task DecideAsync(CancellationToken cancellationToken)
    {
        var document = policies.Current.Document;

        // What this process says of its own service is its own signals' business; the store keeps one word of a process for each service.
        var services = document.Services.Where(service => service != own.Service).ToList();
        var answer = await prometheus.QueryAsync(SignalRules.All, cancellationToken);
        Report(answer.Problem);
        var readings = new Dictionary<string, FleetReading>(SignalRules.Read(answer, services), StringComparer.Ordinal);
        foreach (var service in services.Union(_controllers.Keys).ToList())
        {
            var controller = _controllers.TryGetValue(service, out var known) ? known : _controllers[service] = new FleetController(service, _name);
            var reading = readings.GetValueOrDefault(service) ?? FleetReading.Unknown("the policies know no such service");
            reading = readings[service] = await WithRecoveryAsync(service, controller, reading, cancellationToken);
            var policy = document.DegradationOf(service);
            var others = fleet.Current.GetValueOrDefault(service) is { } said && (said.IsForced || said.By != _name) ? said : null;
            Keep(controller.Take(reading, policy, others, Elapsed, time.GetUtcNow()));
            await SayAsync(service, controller, reading, policy, cancellationToken);
        }

        record.Take(readings);
    }

    private TimeSpan Elapsed => time.GetElapsedTime(0);

    /// <summary>Adds the requests that a step of recovery is judged by. Without them nothing is known.</summary>
    private async Task<FleetReading> WithRecoveryAsync(string service, FleetController controller, FleetReading reading, CancellationToken cancellationToken)
    {
        if (reading.Problem is not null || controller.StepAge(Elapsed) is not { } age || (int)age.TotalSeconds is not (> 0 and var seconds))
        {
            return reading;
        }

        var answer = await prometheus.QueryAsync(SignalRules.NormalWay(service, seconds), cancellationToken);
        return SignalRules.ReadNormalWay(answer) is { } recovered
            ? reading with { Signals = reading.Signals with { Recovered = recovered } }
            : FleetReading.Unknown(answer.Problem ?? "a value is no number");
    }

    /// <summary>Says what is new. A store that is away is told in the next round.</summary>
    private async Task SayAsync(string service, FleetController controller, FleetReading reading, DegradationPolicy policy, CancellationToken cancellationToken)
    {
        var said = _said.GetValueOrDefault(service);
        if (controller.Word == said)
        {
            return;
        }

        try
        {
            if (controller.Word is { } word)
            {
                if (await store.LeadAsync(service, word, cancellationToken))
                {
                    _said[service] = word;
                    return;
                }

                // The store would say it later, when it is not true any more.
                Keep(controller.Yield("Somebody else was first to say something of it", reading, policy, time.GetUtcNow()));
            }

            await store.WithdrawAsync(service, cancellationToken);
            _said.Remove(service);
        }
        catch (PolicyStoreException exception)
        {
            LogNotTold(service, exception.Message);
        }
    }

    private void Keep(FleetDecision? decision)
    {
        if (decision is not null)
        {
            record.Add(decision);
            LogDecision(decision.From == "normal" ? LogLevel.Warning : LogLevel.Information, decision.Service, decision.From, decision.To, decision.NormalShare, decision.Reason);
        }
    }

    private void Report(string? problem)
    {
        var before = record.Problem;
        record.Problem = problem;
        if (problem is null && before is not null)
        {
            LogKnown(prometheus.Address);
        }
        else if (problem is not null && before is null or FleetRecord.NotAsked)
        {
            LogUnknown(problem);
        }
    }

    [LoggerMessage("The fleet of {Service}: {From} -> {To}, {NormalShare:P0} of the traffic as always. {Reason}")]
    private partial void LogDecision(LogLevel level, string service, string from, string to, double normalShare, string reason);

    [LoggerMessage(LogLevel.Information, "The fleet's signals are known from {Prometheus}")]
    private partial void LogKnown(Uri prometheus);

    [LoggerMessage(LogLevel.Warning, "The fleet's signals are not known, and nothing is decided by them: {Problem}")]
    private partial void LogUnknown(string problem);

    [LoggerMessage(LogLevel.Warning, "The fleet of {Service} could not be told; it is tried again: {Problem}")]
    private partial void LogNotTold(string service, string problem);
}
