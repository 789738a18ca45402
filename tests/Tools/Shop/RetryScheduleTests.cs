using CsCheck;

namespace Tools.Tests.Shop;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Waits_double_up_to_the_longest()
    {
        var schedule = new RetrySchedule();

        Enumerable.Range(0, 7).Select(retry => schedule.Delay(retry, 1).TotalMilliseconds).ShouldBe([100, 200, 400, 800, 1600, 2000, 2000]);
    }

    [Fact]
    public void A_wait_is_never_less_than_half_nor_more_than_the_whole_of_its_ceiling() =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Double[0, 1]).Sample((retry, random) =>
        {
            var wait = new RetrySchedule().Delay(retry, random);
            return wait >= TimeSpan.FromMilliseconds(50) && wait <= TimeSpan.FromSeconds(2);
        });
}
