using CsCheck;

namespace Resilience.Tests.Degradation;

/// <summary>
/// A service, its real windows and the engine on a virtual clock, under random policies and faults: whatever happened, a service that is well again is
/// normal again in bounded time, and one that stays ill is tried ever more seldom.
/// </summary>
public sealed class DegradationModelTests
{
    private static readonly Gen<DegradationPolicy> Policies = Gen.Select(
        Gen.Int[1, 40], Gen.Int[1, 4], Gen.Int[1, 20], Gen.Double[0.5, 0.99].Array[0, 3], Gen.Int[1, 40], Gen.Int[1, 5],
        (requests, slices, cooldown, steps, stepRequests, stepTime) => new DegradationPolicy
        {
            MinimumRequests = requests,
            MinimumSlices = slices,
            Cooldown = TimeSpan.FromSeconds(cooldown),
            MaxCooldown = TimeSpan.FromSeconds(cooldown * 8),
            RecoverySteps = [.. steps.Distinct().Order(), 1],
            StepRequests = stepRequests,
            StepTime = TimeSpan.FromSeconds(stepTime),
            Patience = TimeSpan.FromSeconds(20),
        });

    /// <summary>Seconds of weather: requests a second, share that fails, share that is slow.</summary>
    private static readonly Gen<(int Seconds, int Rate, double Failing, double Slow)> Weather = Gen.Select(
        Gen.Int[1, 60], Gen.Frequency((1, Gen.Const(0)), (4, Gen.Int[1, 60])), Gen.Frequency((1, Gen.Const(0.0)), (1, Gen.Double[0, 1])),
        Gen.Frequency((1, Gen.Const(0.0)), (1, Gen.Double[0, 1])));

    [Fact(Timeout = 60_000)]
    public Task Whatever_happened_a_service_that_is_well_again_is_normal_again()
    {
        Gen.Select(Policies, Weather.Array[0, 8], Gen.Int[0, 60], Gen.Int).Sample(
            (policy, weather, rate, seed) =>
            {
                policy.Validated();
                var service = new Service(policy, seed);
                foreach (var (seconds, requests, failing, slow) in weather)
                {
                    service.Live(seconds, requests, failing, slow);
                }

                // The window forgets, the longest cooldown passes, and each step takes as long as patience at most, or falls back once on what the window still held.
                var bound = (2 * (int)(policy.MaxCooldown + policy.Window).TotalSeconds) + (2 * (policy.RecoverySteps.Count + 1) * ((int)policy.Patience.TotalSeconds + 1));
                service.Live(bound, rate, failing: 0, slow: 0);
                service.State.Level.ShouldBe(DegradationLevel.Normal, string.Join('\n', service.Record.Select(decision => $"{decision.To.Since} {decision.Reason}")));
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            },
            iter: 400,
            threads: 1);
        return Task.CompletedTask;
    }

    [Fact(Timeout = 60_000)]
    public Task A_service_that_stays_ill_is_tried_ever_more_seldom()
    {
        Gen.Select(Policies, Gen.Int[5, 60], Gen.Double[0.5, 1], Gen.Int).Sample(
            (policy, rate, failing, seed) =>
            {
                var service = new Service(policy, seed);
                const int Seconds = 1000;
                service.Live(Seconds, rate, failing, slow: 0.5);
                var returns = service.Record.Count(decision => decision.To.Step == 0);
                returns.ShouldBeLessThanOrEqualTo(4 + (Seconds / (int)policy.MaxCooldown.TotalSeconds), string.Join('\n', service.Record.Select(decision => $"{decision.To.Since} {decision.Reason}")));
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            },
            iter: 100,
            threads: 1);
        return Task.CompletedTask;
    }

    [Fact(Timeout = 60_000)]
    public Task A_service_that_is_well_is_never_degraded_by_chance()
    {
        Gen.Select(Gen.Int[1, 60], Gen.Int).Sample(
            (rate, seed) =>
            {
                // A failure in 200 and a slow request in 500, day in day out.
                var service = new Service(new DegradationPolicy(), seed);
                service.Live(600, rate, failing: 0.005, slow: 0.002);
                service.Record.ShouldNotContain(decision => decision.To.Level >= DegradationLevel.Degraded);
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            },
            iter: 100,
            threads: 1);
        return Task.CompletedTask;
    }

    /// <summary>Requests arrive spread over each second; the degraded way always works, the normal way is as the weather is.</summary>
    private sealed class Service(DegradationPolicy policy, int seed)
    {
        private readonly VirtualClock _clock = new();
        private readonly Random _random = new(seed);
        private SignalWindow? _all;
        private SignalWindow? _recovered;

        public DegradationState State { get; private set; } = DegradationState.Initial;

        public List<DegradationDecision> Record { get; } = [];

        public void Live(int seconds, int rate, double failing, double slow)
        {
            _all ??= new SignalWindow(policy.Window, _clock);
            for (var tick = 0; tick < seconds * 4; tick++)
            {
                _clock.Advance(TimeSpan.FromMilliseconds(250));
                for (var request = 0; request < (rate + (tick % 4)) / 4; request++)
                {
                    Serve(failing, slow);
                }

                Judge();
            }
        }

        private void Serve(double failing, double slow)
        {
            var isNormal = _random.NextDouble() < State.NormalShare(policy);
            var now = _clock.GetTimestamp();
            var startedAt = now - (isNormal && _random.NextDouble() < slow ? TimeSpan.FromSeconds(3) : TimeSpan.FromMilliseconds(20)).Ticks;
            var hasFailed = isNormal && _random.NextDouble() < failing;
            _all!.Record(startedAt, now, hasFailed);
            if (isNormal && State.IsRecovering)
            {
                _recovered!.Record(startedAt, now, hasFailed);
            }
        }

        private void Judge()
        {
            var reading = new SignalReading(_all!.Read(policy.P99Limit), _recovered?.Read(policy.P99Limit) ?? default);
            if (DegradationEngine.Decide(State, reading, policy, _clock.Elapsed) is { } decision)
            {
                decision.From.ShouldBe(State);
                decision.To.ShouldNotBe(State);
                (State, _recovered) = (decision.To, decision.To.IsRecovering ? new SignalWindow(policy.Patience + policy.Patience, _clock) : null);
                Record.Add(decision);
            }
        }
    }
}
