using System.Collections.Concurrent;

namespace Resilience.Tests.Degradation;

/// <summary>In what order changes are told that several threads make.</summary>
public sealed class DegradationRecordTests
{
    [Fact]
    public void Changes_are_told_one_after_the_other_in_the_order_they_took_effect()
    {
        var told = new ConcurrentQueue<DegradationChange>();
        using var service = new ServiceDegradation("shop", new DegradationPolicy(), new VirtualClock(), told.Enqueue);
        Parallel.For(0, 8, thread =>
        {
            for (var change = 0; change < 500; change++)
            {
                service.Force((DegradationLevel)(change % 4), $"{thread}");
            }
        });

        var all = told.ToList();
        all.Count.ShouldBe(4000);
        all.Zip(all.Skip(1)).ShouldAllBe(pair => ReferenceEquals(pair.First.To, pair.Second.From));
        all[^1].To.ShouldBeSameAs(service.Current);
        service.Changes.ShouldBe(all[^50..]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_change_that_is_made_while_another_is_told_waits_for_its_turn()
    {
        var told = new ConcurrentQueue<string>();
        using var isTelling = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        using var service = new ServiceDegradation("shop", new DegradationPolicy(), new VirtualClock(), change =>
        {
            isTelling.Set();
            goOn.Wait(TestContext.Current.CancellationToken);
            told.Enqueue(change.Reason);
        });
        var first = Task.Run(() => service.Force(DegradationLevel.Degraded, "first"), TestContext.Current.CancellationToken);
        isTelling.Wait(TestContext.Current.CancellationToken);
        var second = Task.Run(() => service.Force(DegradationLevel.Broken, "second"), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => service.Current.Level == DegradationLevel.Broken, TimeSpan.FromSeconds(30)).ShouldBeTrue("the switch waits for nobody");
        goOn.Set();
        await Task.WhenAll(first, second);
        told.ShouldBe(["first", "second"]);
    }

    [Fact]
    public void What_a_listener_changes_itself_is_told_too()
    {
        ServiceDegradation? service = null;
        var told = new List<string>();
        using var made = service = new ServiceDegradation("shop", new DegradationPolicy(), new VirtualClock(), change =>
        {
            told.Add(change.Reason);
            if (told.Count == 1)
            {
                service!.Force(DegradationLevel.Broken, "second");
            }
        });
        service.Force(DegradationLevel.Degraded, "first");
        told.ShouldBe(["first", "second"]);
    }

    [Fact]
    public void Nothing_leads_back_from_a_position_that_was_told()
    {
        using var service = new ServiceDegradation("shop", new DegradationPolicy(), new VirtualClock());
        service.Force(DegradationLevel.Degraded, "first");
        service.Apply(new DegradationPolicy { ErrorLimit = 0.2 });
        service.Current.Untold.ShouldBeNull();
    }
}
