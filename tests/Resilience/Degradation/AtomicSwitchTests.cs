namespace Resilience.Tests.Degradation;

public sealed class AtomicSwitchTests
{
    [Fact]
    public void Of_many_threads_that_move_from_one_position_exactly_one_does()
    {
        const int Threads = 16, Rounds = 300;
        var position = new AtomicSwitch<string>("start");
        var moved = 0;
        using var barrier = new Barrier(Threads);
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                var from = position.Current;
                barrier.SignalAndWait(TestContext.Current.CancellationToken);
                if (position.TryMove(from, $"{round} by {thread}"))
                {
                    Interlocked.Increment(ref moved);
                }

                barrier.SignalAndWait(TestContext.Current.CancellationToken);
            }
        });
        moved.ShouldBe(Rounds);
    }

    [Fact]
    public void A_position_that_was_left_and_taken_again_is_another_one()
    {
        string first = new('a', 1), second = new('a', 1);
        var position = new AtomicSwitch<string>(first);
        position.TryMove(first, second).ShouldBeTrue();
        position.TryMove(first, "b").ShouldBeFalse();
        position.Current.ShouldBeSameAs(second);
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var position = new AtomicSwitch<string>("start");
        var length = position.Current.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 1000; count++)
        {
            length += position.Current.Length;
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        length.ShouldBe(5 * 1001);
    }
}
