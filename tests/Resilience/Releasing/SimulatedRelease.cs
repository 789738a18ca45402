namespace Resilience.Tests.Releasing;

/// <summary>Two releases that serve random traffic as a test says, and what callers count of it.</summary>
internal sealed class SimulatedRelease(int seed)
{
    private static readonly double[] Bounds = [.. Enumerable.Range(0, 48).Select(index => 0.001 * Math.Pow(1.25, index)), double.PositiveInfinity];

    private readonly Random _random = new(seed);
    private readonly Side _stable = new();
    private readonly Side _canary = new();

    /// <summary>Median latency, share of failures, share of wrong answers of the canary.</summary>
    public (double Median, double Failures, double Wrong) Canary { get; init; } = (0.05, 0.005, 0);

    /// <summary>The same of the stable release.</summary>
    public (double Median, double Failures) Stable { get; init; } = (0.05, 0.005);

    /// <summary>Share of the calls that go to the canary.</summary>
    public double Share { get; init; } = 0.3;

    public ReleaseEvidence Evidence => new(_stable.Sample(), _canary.Sample());

    /// <summary>So many calls.</summary>
    public void Serve(int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            if (_random.NextDouble() < Share)
            {
                _canary.Add(Latency(Canary.Median), _random.NextDouble() < Canary.Failures, _random.NextDouble() < Canary.Wrong);
            }
            else
            {
                _stable.Add(Latency(Stable.Median), _random.NextDouble() < Stable.Failures, isWrong: false);
            }
        }
    }

    /// <summary>The whole analysis as the gate makes it: a look each so many calls, until it is decided or so many looks were made.</summary>
    public ReleaseDecision Run(ReleasePolicy policy, int looks, int callsBetween)
    {
        var (progress, now) = (new ReleaseProgress(0, TimeSpan.Zero), TimeSpan.Zero);
        ReleaseDecision decision = null!;
        for (var look = 0; look < looks; look++)
        {
            Serve(callsBetween);
            now += policy.Interval;
            decision = ReleaseAnalysis.Decide(progress, ReleaseGate.Judge(Evidence, policy.Checks, policy), policy, now);
            if (decision.Action is ReleaseAction.Promote or ReleaseAction.RollBack)
            {
                return decision;
            }

            progress = decision.Progress;
        }

        return decision;
    }

    /// <summary>Log-normal, as latencies of services are: a P95 of 2.3 times the median.</summary>
    private double Latency(double median) => median * Math.Exp(0.5 * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));

    private sealed class Side
    {
        private readonly long[] _counts = new long[Bounds.Length];
        private long _failed;
        private long _wrong;
        private long _calls;

        public void Add(double seconds, bool hasFailed, bool isWrong)
        {
            for (var index = 0; index < Bounds.Length; index++)
            {
                _counts[index] += seconds <= Bounds[index] ? 1 : 0;
            }

            _calls++;
            _failed += hasFailed ? 1 : 0;
            _wrong += isWrong ? 1 : 0;
        }

        public ReleaseSample? Sample() => _calls == 0 ? null : new ReleaseSample(
            new LatencyCounts(Bounds, [.. _counts]),
            new Dictionary<string, CheckCounts> { [ReleaseGate.Success] = new(_calls - _failed, _failed), ["amount"] = new(_calls - _wrong, _wrong) });
    }
}
