namespace Replay.Drills;

/// <summary>The drills there are. Each sets what it needs to know: shorter cooldowns and windows than a shop has in its daily life, so that it takes minutes and not an hour.</summary>
internal static class DrillCatalog
{
    private const string Quick = "cooldown_ms: 4000\nmax_cooldown_ms: 16000\nstep_ms: 2000\nstep_requests: 10\n";

    private static readonly DrillExpectation WellAtTheEnd = new("every service is normal at the end", record => record.AllNormal);

    private static readonly DrillExpectation NeverPromoted = new("it is never promoted", record => record.Releases.All(change => change.To.Stage != "promoted"));

    /// <summary>All, by name.</summary>
    public static IReadOnlyDictionary<string, Drill> All { get; } =
        new[] { NormalDay(), LatencyFault(), ErrorFault(), TrafficCollapse(), FlappingFault(), SlowRecovery(), CanaryGood(), CanaryWrong(), CanarySlow(), CanaryShape(), CanaryConsumer(), CanaryConsumerSlow() }.ToDictionary(drill => drill.Name, StringComparer.Ordinal);

    private static Drill NormalDay() => new(
        "normal-day", "an ordinary day: nothing may degrade", Seconds(90), Seconds(90), [],
        [
            new("no service is degraded or broken at any time", record => record.Changes.All(change => change.To.Level is "normal" or "alert")),
            WellAtTheEnd,
        ]);

    private static Drill LatencyFault() => new(
        "latency-fault", "the payment provider takes 3 s: with degradation on, then off", Seconds(165), Seconds(165),
        [
            // In this order, because the fleet's signals look two minutes back: the other way round, the first fault would degrade Payments before the second begins.
            Policy(0, "quick recovery", Quick),
            Weather(15, 3000, 0),
            Weather(45, 0, 0),
            Policy(95, "degradation off", "enabled: false\n" + Quick),
            Weather(100, 3000, 0),
            Weather(130, 0, 0),
        ],
        [
            new("Payments is degraded within 20 s of the first fault", record => record.Reached("payments", "degraded", 15, 35)),
            new("with degradation off nothing degrades", record => !record.Reached("payments", "degraded", 97, 165) && !record.Reached("orders", "degraded", 97, 165)),
            WellAtTheEnd,
        ])
    {
        Phases = [new("as always", Seconds(0), Seconds(15)), new("fault, degradation on", Seconds(15), Seconds(45)), new("fault, degradation off", Seconds(100), Seconds(130))],
    };

    private static Drill ErrorFault() => new(
        "error-fault", "the payment provider answers a third of its requests with 500, quickly: retries take that", Seconds(90), Seconds(90),
        [Policy(0, "quick recovery", Quick), Weather(15, 0, 0.33), Weather(60, 0, 0)],
        [
            new("errors alone degrade nothing: they are L1's and L2's", record => record.Changes.All(change => change.To.Level is "normal" or "alert")),
            WellAtTheEnd,
        ]);

    private static Drill TrafficCollapse() => new(
        "traffic-collapse", "the payment provider takes 3 s, and the buyers go away", Seconds(45), Seconds(150),
        [
            // Down from normal at once, so that the break does not come out of a state that already took the load off.
            Policy(0, "a rate over 5 s, breaks instead of degradation", Quick + "rate_ms: 5000\nslope_ms: 15000\nslope_limit: -0.3\ndegrade_on: []\npatience_ms: 5000\n"),
            Weather(40, 3000, 0),
            Weather(70, 0, 0),
        ],
        [
            new("Payments is broken off once the traffic collapses", record => record.Reached("payments", "broken", 40, 90)),
            new("without traffic it comes back all the same", record => record.AllNormal),
        ]);

    private static Drill FlappingFault() => new(
        "flapping-fault", "the payment provider is slow and well by turns of 8 s", Seconds(170), Seconds(170),
        [
            // Pauses that may grow to two turns, so that they do not keep step with the fault.
            Policy(0, "quick recovery", Quick.Replace("max_cooldown_ms: 16000", "max_cooldown_ms: 32000", StringComparison.Ordinal)),
            .. Enumerable.Range(0, 5).SelectMany(turn => new[] { Weather(15 + (16 * turn), 3000, 0), Weather(23 + (16 * turn), 0, 0) }),
        ],
        [
            new("Payments is degraded by it", record => record.Reached("payments", "degraded", 15, 100)),
            new("it does not flap along: it falls at most four times in five turns", record => record.Falls("payments") <= 4),
            WellAtTheEnd,
        ]);

    private static Drill SlowRecovery() => new(
        "slow-recovery", "the payment provider takes 3 s, then 2.4 s, then is well: no step is taken on hope", Seconds(150), Seconds(150),
        [Policy(0, "quick recovery", Quick), Weather(15, 3000, 0), Weather(40, 2400, 0), Weather(65, 0, 0)],
        [
            new("Payments is degraded by it", record => record.Reached("payments", "degraded", 15, 40)),
            new("it is not normal before the provider is well", record => !record.Reached("payments", "normal", 20, 65)),
            WellAtTheEnd,
        ]);

    private static Drill CanaryGood() => new(
        "canary-good", "the canary of Payments is as good as the stable release", Seconds(120), Seconds(120),
        [QuickGate(0), Release(5)],
        [
            new("the gate promotes it", record => record.Release?.Stage == "promoted"),
            WellAtTheEnd,
        ]);

    private static Drill CanaryWrong() => new(
        "canary-wrong", "the canary of Payments is faster, and charges a tenth less than it should", Seconds(60), Seconds(60),
        [
            QuickGate(0),
            new(Seconds(0), "the stable release's provider takes 150 ms longer", (shop, cancel) => shop.SetWeatherAsync(150, 0, seenByCanary: false, cancel)),
            Defect(0, "payments", "the canary charges 90 %", new CanaryDefect(AmountFactor: 0.9m)),
            Release(5),
        ],
        [RolledBackFor("captured-amount"), NeverPromoted, WellAtTheEnd]);

    private static Drill CanarySlow() => new(
        "canary-slow", "the canary of Payments is right, and takes 600 ms longer", Seconds(75), Seconds(75),
        [QuickGate(0), Defect(0, "payments", "the canary takes 600 ms longer", new CanaryDefect(LatencyMs: 600)), Release(5)],
        [RolledBackFor("p95"), NeverPromoted, WellAtTheEnd]);

    private static Drill CanaryShape() => new(
        "canary-shape", "the canary of Payments renames a field of its answers", Seconds(60), Seconds(60),
        [QuickGate(0), Defect(0, "payments", "the canary answers capturedAmount instead of captured", new CanaryDefect(BreaksShape: true)), Release(5)],
        [RolledBackFor("shape"), NeverPromoted, WellAtTheEnd]);

    private static Drill CanaryConsumer() => new(
        "canary-consumer", "the canary of the consumer of order events gets 5, 25 and 50 % of the orders, then all", Seconds(210), Seconds(210),
        [QuickGate(0), Release(5, "operations")],
        [
            new("it gets 5, 25 and 50 % of the orders", record => record.Releases.Where(change => change.To.Stage == "analysing").Select(change => change.To.Share).SequenceEqual([0.05, 0.25, 0.5])),
            new("the gate promotes it", record => record.Release?.Stage == "promoted"),
            WellAtTheEnd,
        ])
    {
        ReleasedService = "operations",
    };

    private static Drill CanaryConsumerSlow() => new(
        "canary-consumer-slow", "the canary of the consumer of order events is right, and takes 600 ms longer", Seconds(75), Seconds(75),
        [QuickGate(0), Defect(0, "operations", "the canary takes 600 ms longer", new ConsumerDefect(LatencyMs: 600)), Release(5, "operations")],
        [RolledBackFor("p95"), NeverPromoted, WellAtTheEnd])
    {
        ReleasedService = "operations",
    };

    private static DrillExpectation RolledBackFor(string check) => new(
        $"the gate rolls it back, and says that it was {check}", record => record.Release is { Stage: "rolled-back" } release && release.FailedChecks.Contains(check));

    private static DrillStep QuickGate(double at) => new(Seconds(at), "policy: the gate looks every 2 s", (shop, cancel) => shop.SetPolicyAsync("release", "interval_ms: 2000\n", cancel));

    private static DrillStep Defect(double at, string service, string what, object defect) => new(Seconds(at), what, (shop, cancel) => shop.SetDefectAsync(service, defect, cancel));

    private static DrillStep Release(double at, string service = "payments") => new(Seconds(at), "the release of the canary begins", (shop, cancel) => shop.StartReleaseAsync(service, cancel));

    private static DrillStep Weather(double at, int latencyMs, double errorRatio) => new(
        Seconds(at),
        latencyMs == 0 && errorRatio == 0 ? "the payment provider is well" : FormattableString.Invariant($"the payment provider takes {latencyMs} ms longer and fails {errorRatio:P0} of its requests"),
        (shop, cancel) => shop.SetWeatherAsync(latencyMs, errorRatio, seenByCanary: true, cancel));

    private static DrillStep Policy(double at, string what, string yaml) => new(Seconds(at), $"policy: {what}", (shop, cancel) => shop.SetPolicyAsync("degradation", yaml, cancel));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
