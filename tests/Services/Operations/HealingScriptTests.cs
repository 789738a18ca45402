using CsCheck;

namespace Services.Tests.Operations;

/// <summary>How a cause is healed, whatever the activities answer and people say: without an engine, a clock or a database.</summary>
public sealed class HealingScriptTests
{
    private static readonly HealingLimits Limits = new(3, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2.5), TimeSpan.FromMinutes(5));

    private static readonly Gen<string?> Words = Gen.Frequency(
        (8, Gen.Const((string?)null)), (1, Gen.Const((string?)HealingWord.Retry)), (1, Gen.Const((string?)HealingWord.Approve)), (1, Gen.Const((string?)HealingWord.Abort)));

    private static readonly Gen<Script> Scripts = Gen.Select(
        Gen.Select(Gen.Bool.Array[40], Gen.Bool.Array[40], Gen.Bool.Array[40]),
        Gen.Int[0, 5].Array[40],
        Words.Array[60],
        Gen.Bool,
        (facts, outcomes, words, canStillHeal) => new Script(facts.Item1, facts.Item2, facts.Item3, outcomes, words, canStillHeal));

    [Fact]
    public void Whatever_happens_it_ends_once_asks_before_it_tries_and_never_tries_more_than_it_may() => Scripts.Sample(
        script =>
        {
            var driver = new ScriptedDriver(script);
            var run = new HealingScript(driver, Limits).RunAsync();

            run.IsCompletedSuccessfully.ShouldBeTrue(run.Exception?.ToString() ?? "it waits for something that is not there");
            driver.Calls.Count(call => call == "end").ShouldBe(1);
            driver.Calls[^1].ShouldBe("end");
            driver.GivenByRule.ShouldBeLessThanOrEqualTo(Limits.MostAttempts);
            driver.Calls.Count(call => call == "replay").ShouldBeLessThanOrEqualTo(driver.Permits);
            driver.Calls.Where(call => call is "respond" or "replay").Chunk(2).ShouldAllBe(pair => pair[0] == "respond" && pair.Length == 2 && pair[1] == "replay", "no try without its response");
            if (run.Result.Outcome == HealingEnd.GaveUp)
            {
                driver.Calls.ShouldContain("escalate", "who gives up has asked somebody");
            }

            if (driver.AbortedAt is { } aborted)
            {
                driver.Calls.Skip(aborted).ShouldNotContain("replay", "who says stop means it");
                run.Result.Outcome.ShouldBe(HealingEnd.Aborted);
            }
        },
        iter: 20_000,
        threads: 1);

    [Fact]
    public async Task A_cause_that_has_passed_is_healed_in_one_try()
    {
        var driver = new ScriptedDriver(Script.AllWell);

        (await new HealingScript(driver, Limits).RunAsync()).ShouldBe(new HealingEnd(HealingEnd.Healed, "books are right", 1));

        driver.Calls.ShouldBe(["wait 0", "diagnose", "begin", "respond", "replay", "verify", "end"]);
    }

    [Fact]
    public async Task Pauses_between_tries_double_and_a_person_is_asked_after_the_third()
    {
        var driver = new ScriptedDriver(Script.AllWell with { Outcomes = Enumerable.Repeat(2, 40).ToArray() });

        (await new HealingScript(driver, Limits).RunAsync()).Outcome.ShouldBe(HealingEnd.GaveUp);

        driver.Calls.Where(call => call.StartsWith("wait", StringComparison.Ordinal) && call != "wait 0").ShouldBe(["wait 2", "wait 4", "wait 300"]);
    }

    [Fact]
    public async Task A_dependency_that_is_away_is_waited_for_and_not_for_ever()
    {
        var driver = new ScriptedDriver(Script.AllWell with { IsAway = Enumerable.Repeat(true, 40).ToArray() });

        (await new HealingScript(driver, Limits).RunAsync()).Attempts.ShouldBe(1);

        driver.Calls.Count(call => call == "wait 2.5").ShouldBe(4, "ten seconds, then it is tried all the same");
        driver.Calls.Count(call => call == "diagnose").ShouldBe(5);
    }

    [Fact]
    public async Task A_service_that_is_silent_for_long_makes_no_try_wait_longer()
    {
        var driver = new ScriptedDriver(Script.AllWell with { IsAway = Enumerable.Repeat(true, 40).ToArray() }) { Took = TimeSpan.FromSeconds(2.5) };

        await new HealingScript(driver, Limits).RunAsync();

        driver.Calls.Count(call => call == "wait 2.5").ShouldBe(2, "looks count as well as pauses: 2.5 s, then twice 5 s");
    }

    [Fact]
    public async Task A_message_that_waits_to_be_sent_has_not_failed()
    {
        var driver = new ScriptedDriver(Script.AllWell with { Outcomes = [5, 5, 5, 5, 0] });

        (await new HealingScript(driver, Limits).RunAsync()).ShouldBe(new HealingEnd(HealingEnd.Healed, "books are right", 1));

        driver.Calls.Count(call => call == "replay").ShouldBe(1);
        driver.Calls.Count(call => call == "wait 2.5").ShouldBe(4);
    }

    [Fact]
    public async Task A_message_that_is_never_sent_is_not_waited_for_for_ever()
    {
        var driver = new ScriptedDriver(Script.AllWell with { Outcomes = [.. Enumerable.Repeat(5, 40)] });

        (await new HealingScript(driver, Limits).RunAsync()).Outcome.ShouldBe(HealingEnd.Healed, "the next try finds it sent");

        driver.Calls.Count(call => call == "replay").ShouldBe(3);
        driver.Calls.Count(call => call == "verify").ShouldBe(41);
    }

    [Fact]
    public async Task An_approval_reaches_the_rollback_of_the_next_try()
    {
        var driver = new ScriptedDriver(Script.AllWell with { Outcomes = [2, 0], Words = [null, HealingWord.Approve] });

        await new HealingScript(driver, Limits).RunAsync();

        driver.ApprovedBy.ShouldBe([null, "ann"]);
        driver.AllowedBy.ShouldBe([null, "ann"]);
    }

    [Fact]
    public async Task Who_approves_and_then_aborts_means_the_latter()
    {
        var driver = new ScriptedDriver(Script.AllWell with { Words = [HealingWord.Approve, HealingWord.Abort] });

        (await new HealingScript(driver, Limits).RunAsync()).ShouldBe(new HealingEnd(HealingEnd.Aborted, "Aborted by ann.", 0));

        driver.Calls.ShouldBe(["wait 0", "wait 0", "end"]);
    }

    /// <summary>What the activities answer and people say, each in the order in which they are asked.</summary>
    /// <param name="CanReplay">Of each diagnosis.</param>
    /// <param name="IsAway">Of each diagnosis.</param>
    /// <param name="Permits">Whether the rules allow a try.</param>
    /// <param name="Outcomes">Of each try: 0 healed, 1 settled, 2 failed, 3 not sent, 4 never to be sent, 5 sent later: of each verification.</param>
    /// <param name="Words">Of each wait.</param>
    /// <param name="CanStillHeal">Whether anything can be healed after a person was asked.</param>
    private sealed record Script(bool[] CanReplay, bool[] IsAway, bool[] Permits, int[] Outcomes, string?[] Words, bool CanStillHeal)
    {
        public static Script AllWell { get; } = new(Yes(), new bool[40], Yes(), new int[40], new string?[60], true);

        private static bool[] Yes() => [.. Enumerable.Repeat(true, 40)];
    }

    private sealed class ScriptedDriver(Script script) : IHealingDriver
    {
        private int _looks;
        private int _asked;
        private int _tries;
        private int _waits;

        public List<string> Calls { get; } = [];

        /// <summary>How long each diagnosis takes.</summary>
        public TimeSpan Took { get; init; }

        public List<string?> ApprovedBy { get; } = [];

        public List<string?> AllowedBy { get; } = [];

        public int Permits { get; private set; }

        public int GivenByRule { get; private set; }

        public int? AbortedAt { get; private set; }

        public Task<Diagnosis> DiagnoseAsync(int look)
        {
            Calls.Add("diagnose");
            look.ShouldBe(_looks + 1);
            var (canReplay, isAway) = (At(script.CanReplay, _looks), At(script.IsAway, _looks));
            _looks++;
            return Task.FromResult(new Diagnosis(Causes.Passing, "it failed", [], canReplay, isAway, null) { Took = Took });
        }

        public Task<AttemptPermit> BeginAttemptAsync(int attempt, string? allowedBy)
        {
            Calls.Add("begin");
            var isGiven = allowedBy is not null || (At(script.Permits, _asked++) && GivenByRule < Limits.MostAttempts);
            if (isGiven)
            {
                attempt.ShouldBe(++Permits);
                AllowedBy.Add(allowedBy);
                GivenByRule += allowedBy is null ? 1 : 0;
            }

            return Task.FromResult(new AttemptPermit(isGiven, isGiven ? null : "it was tried often enough"));
        }

        public Task RespondAsync(int attempt, Diagnosis diagnosis, string? approvedBy)
        {
            Calls.Add("respond");
            ApprovedBy.Add(approvedBy);
            return Task.CompletedTask;
        }

        public Task<ReplayResult> ReplayAsync(int attempt)
        {
            Calls.Add("replay");
            var outcome = At(script.Outcomes, _tries);
            _tries += outcome is 3 or 4 ? 1 : 0;
            return Task.FromResult(new ReplayResult(outcome is not (3 or 4), outcome == 4, "sent or not"));
        }

        public Task<Verification> VerifyAsync(int attempt)
        {
            Calls.Add("verify");
            return Task.FromResult(At(script.Outcomes, _tries++) switch
            {
                0 => new Verification(Verification.Healed, "books are right"),
                1 => new Verification(Verification.Settled, "it was undone"),
                5 => new Verification(Verification.Waiting, "it waits to be sent again"),
                _ => new Verification(Verification.Failed, "it failed again"),
            });
        }

        public Task<Escalation> EscalateAsync(int look, string reason)
        {
            Calls.Add("escalate");
            reason.ShouldNotBeEmpty();
            return Task.FromResult(new Escalation(script.CanStillHeal));
        }

        public Task EndAsync(HealingEnd end)
        {
            Calls.Add("end");
            return Task.CompletedTask;
        }

        public Task<HealingWord?> WaitAsync(TimeSpan time)
        {
            Calls.Add(FormattableString.Invariant($"wait {time.TotalSeconds:0.#}"));
            var word = At(script.Words, _waits++);
            AbortedAt ??= word == HealingWord.Abort ? Calls.Count : null;
            return Task.FromResult(word is null ? null : new HealingWord(word, "ann", "because"));
        }

        private static T? At<T>(T[] all, int index) => index < all.Length ? all[index] : default;
    }
}
