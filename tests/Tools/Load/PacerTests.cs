using Microsoft.Extensions.Time.Testing;

namespace Tools.Tests.Load;

public sealed class PacerTests
{
    [Fact]
    public async Task Orders_are_due_at_even_distances()
    {
        var clock = new FakeTimeProvider();
        var start = clock.GetTimestamp();
        var pacer = new Pacer(4, clock);
        var due = new List<double>();
        for (var order = 0; order < 5; order++)
        {
            var wait = pacer.WaitForNextAsync(TestContext.Current.CancellationToken).AsTask();
            if (order > 0)
            {
                wait.IsCompleted.ShouldBeFalse();
                clock.Advance(TimeSpan.FromMilliseconds(250));
            }

            due.Add(clock.GetElapsedTime(start, (await wait)!.Value).TotalMilliseconds);
        }

        due.ShouldBe([0, 250, 500, 750, 1000]);
    }

    [Fact]
    public async Task After_a_stall_the_missed_orders_leave_at_once_and_keep_their_due_times()
    {
        var clock = new FakeTimeProvider();
        var start = clock.GetTimestamp();
        var pacer = new Pacer(10, clock);
        clock.Advance(TimeSpan.FromSeconds(1));

        var due = new List<double>();
        for (var order = 0; order < 10; order++)
        {
            due.Add(clock.GetElapsedTime(start, (await pacer.WaitForNextAsync(TestContext.Current.CancellationToken))!.Value).TotalMilliseconds);
        }

        due.ShouldBe(Enumerable.Range(0, 10).Select(order => order * 100d));
    }

    [Fact]
    public async Task With_rate_0_nothing_waits()
    {
        (await new Pacer(0, new FakeTimeProvider()).WaitForNextAsync(TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    [Fact]
    public async Task Cancelling_ends_a_wait()
    {
        using var source = new CancellationTokenSource();
        var pacer = new Pacer(1, new FakeTimeProvider());
        await pacer.WaitForNextAsync(source.Token);
        var wait = pacer.WaitForNextAsync(source.Token).AsTask();
        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => wait);
    }
}
