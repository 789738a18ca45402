namespace ResilientShop.Replay.Drills;

/// <summary>The drills there are. Each sets what it needs to know: shorter cooldowns and windows than a shop has in its daily life, so that it takes minutes and not an hour.</summary>
internal static class DrillCatalog
{
    private const string Quick = "cooldown_ms: 4000\nmax_cooldown_ms: 16000\nstep_ms: 2000\nstep_requests: 10\n";

    private static readonly DrillExpectation WellAtTheEnd = new("every service is normal at the end", record => record.AllNormal);

    /// <summary>All, by name.</summary>
    public static IReadOnlyDictionary<string, Drill> All { get; } =
        new[] { NormalDay(), LatencyFault(), ErrorFault(), TrafficCollapse(), FlappingFault(), SlowRecovery() }.ToDictionary(drill => drill.Name, StringComparer.Ordinal);

    private static Drill NormalDay() => new(
        "normal-day", "an ordinary day: nothing may degrade", Seconds(90), Seconds(90), [],
        [
            new("no service is degraded or broken at any time", record => record.Changes.All(change => change.To.Level is "normal" or "alert")),
            WellAtTheEnd,
        ]);

    private static Drill LatencyFault() => new(
        "latency-fault", "the payment provider takes 3 s: with degradation off, then on", Seconds(165), Seconds(165),
        [
            Policy(0, "degradation off", "enabled: false\n"),
            Weather(15, 3000, 0),
            Weather(45, 0, 0),
            Policy(75, "degradation on", "enabled: true\n" + Quick),
            Weather(80, 3000, 0),
            Weather(110, 0, 0),
        ],
        [
            new("with degradation off nothing degrades", record => record.Changes.All(change => change.At > TimeSpan.FromSeconds(75) || change.To.Level is "normal" or "alert")),
            new("Payments is degraded within 20 s of the second fault", record => record.Reached("payments", "degraded", 80, 100)),
            WellAtTheEnd,
        ])
    {
        Phases = [new("as always", Seconds(0), Seconds(15)), new("fault, degradation off", Seconds(15), Seconds(45)), new("fault, degradation on", Seconds(80), Seconds(110))],
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
            Policy(0, "quick recovery", Quick),
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

    private static DrillStep Weather(double at, int latencyMs, double errorRatio) => new(
        Seconds(at),
        latencyMs == 0 && errorRatio == 0 ? "the payment provider is well" : FormattableString.Invariant($"the payment provider takes {latencyMs} ms longer and fails {errorRatio:P0} of its requests"),
        (shop, cancel) => shop.SetWeatherAsync(latencyMs, errorRatio, cancel));

    private static DrillStep Policy(double at, string what, string yaml) => new(Seconds(at), $"policy: {what}", (shop, cancel) => shop.SetPolicyAsync("degradation", yaml, cancel));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
