using System.Diagnostics;

namespace Resilience.Tests.Policies.Reloading;

public sealed class HotPoliciesTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_change_is_in_force_and_acknowledged()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("defaults: { total_ms: 2700 }");
        world.Start();
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2700);

        world.Replace("defaults: { total_ms: 2800 }");
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2800);
        world.Save("defaults: { total_ms: 2900 }");
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2900);

        await PolicyWorld.UntilAsync(() => world.Told.Revision == world.Registry.Current.Revision);
        var told = await AcknowledgedAsync(world, told => told.Digest == world.Registry.Current.Digest);
        (told.Service, told.Instance, told.Revision, told.RefusedRevision).ShouldBe(("shop", "1", world.Registry.Current.Revision, null));
        told.Pinned.ShouldBe(["Resilience:defaults:reserve_ms"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wrong_change_is_refused_whole_and_told_everywhere_and_what_was_good_stays()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("defaults: { total_ms: 2700 }");
        world.Start();
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2700);

        world.Replace("defaults:\n  total_ms: 100\n  l2: { max_attempts: many }\n");
        await PolicyWorld.UntilAsync(() => world.Told.RefusedRevision is not null);
        world.TotalMs.ShouldBe(2700);
        world.Told.RefusedBecause.ShouldHaveSingleItem().ShouldBe($"{Path.Combine(world.Folder, "resilience.yaml")}:3: defaults.l2.max_attempts is 'many'; it must be a whole number.");
        (await AcknowledgedAsync(world, told => told.RefusedRevision is not null)).RefusedBecause.Count.ShouldBe(1);

        world.Replace("defaults: { total_ms: 2750 }");
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2750);
        await PolicyWorld.UntilAsync(() => world.Told.RefusedRevision is null);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_process_needs_beyond_the_document_is_checked_too()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("defaults: { total_ms: 2700 }");
        world.Start(check: document =>
        {
            if (!document.Routes.ContainsKey("order"))
            {
                throw new PolicyInvalidException([new PolicyError("routes.order", "not there", "must be there")]);
            }
        });
        await PolicyWorld.UntilAsync(() => world.Told.RefusedRevision is not null);
        world.TotalMs.ShouldBe(10_000);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_client_that_the_topology_does_not_name_is_a_warning_until_it_does()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("topology: { shop: { calls: [stock] } }");
        world.Start(clients: ["stock", "prices"]);
        await PolicyWorld.UntilAsync(() => world.Policies.Status.Findings.Count > 0);
        var finding = world.Policies.Status.Findings.ShouldHaveSingleItem();
        finding.ToString().ShouldBe($"warning unlisted-call: the client prices of shop against {Path.Combine(world.Folder, "resilience.yaml")}:1 topology.shop: "
            + "shop has a client for prices, but by the topology shop calls stock; whether its times fit is not checked. "
            + "Fix: add prices to topology.shop.calls, or to .background where nobody waits for the answer.");

        world.Replace("topology: { other: { calls: [stock] } }");
        await PolicyWorld.UntilAsync(() => world.Policies.Status.Findings.Count == 2);
        world.Policies.Status.Findings[0].Arithmetic.ShouldContain("the topology does not name shop");

        world.Replace("topology: { shop: { calls: [stock], background: [prices] } }");
        await PolicyWorld.UntilAsync(() => world.Policies.Status.Findings.Count == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_check_that_breaks_is_a_refusal_and_the_next_text_is_taken()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("defaults: { total_ms: 2700 }");
        world.Start(check: document => _ = document.PolicyOf(null, "stock").Total.TotalMilliseconds == 2700 ? throw new InvalidOperationException("a defect") : 0);
        await PolicyWorld.UntilAsync(() => world.Told.RefusedRevision is not null);
        world.Told.RefusedBecause.ShouldHaveSingleItem().ShouldContain("a defect");
        world.Replace("defaults: { total_ms: 2800 }");
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2800);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_is_empty_takes_nothing_away_and_is_filled_by_whom_it_concerns()
    {
        var started = PolicyWorld.Stored(3, "defaults: { total_ms: 2600 }");
        await using (var other = new PolicyWorld(TestContext.Current.CancellationToken))
        {
            other.Registry.Apply(PolicyDocument.Load(started.Sources), 3, started.Digest);
            other.Start(started);
            await other.Policies.FirstAsync;
            other.TotalMs.ShouldBe(2600);
            (await other.Store.ReadAsync(TestContext.Current.CancellationToken)).IsEmpty.ShouldBeTrue();
        }

        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Registry.Apply(PolicyDocument.Load(started.Sources), 3, started.Digest);
        world.Start(started, seeds: true);
        await AcknowledgedAsync(world, told => told.Revision > 0 && told.Digest == started.Digest && told.Origin.StartsWith("files in", StringComparison.Ordinal));
        File.ReadAllText(Path.Combine(world.Folder, "resilience.yaml")).ShouldBe("defaults: { total_ms: 2600 }");
        var history = await world.Store.HistoryAsync(10, TestContext.Current.CancellationToken);
        history[0].Who.ShouldBe("shop");
        history[0].Why.ShouldStartWith("the store was empty");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_goes_away_is_told_and_caught_up_with()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("defaults: { total_ms: 2700 }");
        world.Start();
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2700);

        Directory.Move(world.Folder, world.Folder + ".away");
        await PolicyWorld.UntilAsync(() => world.Told.StoreProblem is not null);
        world.TotalMs.ShouldBe(2700);

        File.WriteAllText(Path.Combine(world.Folder + ".away", "resilience.yaml"), "defaults: { total_ms: 2710 }");
        Directory.Move(world.Folder + ".away", world.Folder);
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2710 && world.Told.StoreProblem is null);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_reload_is_an_event_in_the_traces()
    {
        var ended = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ResilienceMetrics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Name == "policies.reload" ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                lock (ended)
                {
                    ended.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Save("defaults: { total_ms: 2701 }");
        world.Start();
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2701);
        var old = world.Registry.Current.Revision;
        world.Replace("defaults: { total_ms: 2702 }");
        await PolicyWorld.UntilAsync(() => world.TotalMs == 2702);
        await PolicyWorld.UntilAsync(() => Reload() is not null);

        var reload = Reload()!;
        reload.GetTagItem("policies.revision.old").ShouldBe(old);
        reload.Events.ShouldHaveSingleItem().Name.ShouldBe("policies applied");
        reload.ParentId.ShouldBeNull();

        // Other tests reload policies too.
        Activity? Reload()
        {
            lock (ended)
            {
                return ended.FirstOrDefault(activity => Equals(activity.GetTagItem("policies.digest"), world.Registry.Current.Digest));
            }
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Connections_that_cannot_change_while_they_exist_are_told()
    {
        await using var world = new PolicyWorld(TestContext.Current.CancellationToken);
        world.Registry.Get("stock");
        world.Save("defaults: { connections: { max_per_host: 7 } }");
        world.Start();
        await PolicyWorld.UntilAsync(() => world.Told.AfterRestart.Count > 0);
        world.Told.AfterRestart.ShouldHaveSingleItem().ShouldContain("connections of stock stay");
    }

    private static async Task<Acknowledgement> AcknowledgedAsync(PolicyWorld world, Func<Acknowledgement, bool> fits)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            if ((await world.Store.AcknowledgementsAsync(TestContext.Current.CancellationToken)).FirstOrDefault(fits) is { } told)
            {
                return told;
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
