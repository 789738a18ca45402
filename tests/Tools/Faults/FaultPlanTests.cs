using CsCheck;

namespace Tools.Tests.Faults;

public sealed class FaultPlanTests
{
    /// <summary>Any seed, any number of kills, and a replay that has just enough room for them or more.</summary>
    private static readonly Gen<(int Seed, int Kills, TimeSpan Replay)> Settings = Gen.Select(
        Gen.Int.NonNegative, Gen.Int[1, 120], Gen.Double[0, 600], (seed, kills, more) => (seed, kills, FaultPlan.ShortestReplay(kills) + TimeSpan.FromSeconds(more)));

    [Fact]
    public void The_same_settings_make_the_same_plan() =>
        Settings.Sample(settings => Create(settings).Faults.ShouldBe(Create(settings).Faults));

    [Fact]
    public void The_plan_of_a_seed_stays_what_it_is()
    {
        // A seed in a report of last month still has to plan what it planned then.
        var plan = FaultPlan.Create(7, 4, FaultPlan.ShortestReplay(4));

        plan.Faults.Select(fault => $"{fault.At.TotalSeconds:0.00} {fault.Target.Name} {fault.Kind} {fault.Length.TotalSeconds:0.00}").ShouldBe(
        [
            "4.38 orders-1 Kill 0.00",
            "10.77 postgres Pause 5.63",
            "13.25 broker Pause 3.17",
            "16.56 payments-1 Kill 0.00",
            "23.01 inventory-1 Kill 0.00",
            "27.68 orders-2 Kill 0.00",
        ]);
    }

    [Fact]
    public void Other_seeds_make_other_plans() =>
        Gen.Int[0, int.MaxValue - 1].Sample(seed => !Create((seed, 10, FaultPlan.ShortestReplay(10))).Faults.SequenceEqual(Create((seed + 1, 10, FaultPlan.ShortestReplay(10))).Faults));

    [Fact]
    public void There_are_as_many_kills_as_asked_for_half_as_many_pauses_and_every_slot_has_one() =>
        Settings.Sample(settings =>
        {
            var plan = Create(settings);
            plan.Faults.Count(fault => fault.Kind == FaultKind.Kill).ShouldBe(settings.Kills);
            plan.Faults.Count(fault => fault.Kind == FaultKind.Pause).ShouldBe((settings.Kills + 1) / 2);
            var slot = (settings.Replay - FaultPlan.Lead - FaultPlan.Calm) / plan.Faults.Count;
            for (var index = 0; index < plan.Faults.Count; index++)
            {
                var early = FaultPlan.Lead + (slot * index);
                (plan.Faults[index].At >= early - Rounding && plan.Faults[index].At <= early + slot + Rounding).ShouldBeTrue();
            }
        });

    [Fact]
    public void Every_target_is_hit_when_there_are_as_many_faults_as_targets() =>
        Settings.Where(settings => settings.Kills + FaultPlan.PausesWith(settings.Kills) >= FaultTarget.All.Count)
            .Sample(settings => Create(settings).Faults.Select(fault => fault.Target).Distinct().Count() == FaultTarget.All.Count);

    [Fact]
    public void Nothing_is_hit_again_before_it_is_over_the_last_one() =>
        Settings.Sample(settings =>
        {
            foreach (var faults in Create(settings).Faults.GroupBy(fault => fault.Target))
            {
                foreach (var (one, next) in faults.Zip(faults.Skip(1)))
                {
                    (next.At >= one.At + (one.Kind == FaultKind.Kill ? FaultPlan.Restart : one.Length)).ShouldBeTrue($"{one} and {next}");
                }
            }
        });

    [Fact]
    public void Every_pause_is_over_early_enough_for_the_shop_to_recover_under_load() =>
        Settings.Sample(settings => Create(settings).Faults.All(fault => fault.At + fault.Length <= settings.Replay - TimeSpan.FromSeconds(5)));

    [Fact]
    public void Pauses_are_within_their_limits_and_the_broker_is_never_killed() =>
        Settings.Sample(settings => Create(settings).Faults.All(fault => fault.Kind == FaultKind.Kill
            ? fault.Target.MayDie && fault.Length == TimeSpan.Zero
            : fault.Length >= FaultPlan.ShortestPause && fault.Length <= FaultPlan.LongestPause));

    [Fact]
    public void Kills_and_pauses_and_pauses_beyond_a_lease_all_happen()
    {
        var faults = Enumerable.Range(0, 100).SelectMany(seed => Create((seed, 30, FaultPlan.ShortestReplay(30))).Faults).ToArray();

        foreach (var target in FaultTarget.All)
        {
            faults.Count(fault => fault.Target == target && fault.Kind == FaultKind.Pause).ShouldBeGreaterThan(100);
            faults.Count(fault => fault.Target == target && fault.Kind == FaultKind.Kill).ShouldBeInRange(target.MayDie ? 400 : 0, target.MayDie ? 800 : 0);
        }

        faults.Count(fault => fault.Length > TimeSpan.FromSeconds(5)).ShouldBeGreaterThan(200);
    }

    [Fact]
    public void A_replay_without_room_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() => FaultPlan.Create(1, 30, FaultPlan.ShortestReplay(29)));

    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    private static FaultPlan Create((int Seed, int Kills, TimeSpan Replay) settings) => FaultPlan.Create(settings.Seed, settings.Kills, settings.Replay);
}
