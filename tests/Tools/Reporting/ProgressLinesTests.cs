using Microsoft.Extensions.Time.Testing;

namespace Tools.Tests.Reporting;

public sealed class ProgressLinesTests
{
    [Fact]
    public void There_is_at_most_one_line_every_five_seconds()
    {
        var clock = new FakeTimeProvider();
        using var output = new StringWriter();
        using (var stage = new ProgressLines(output, clock).Begin("Sending orders", 100))
        {
            for (var step = 0; step < 100; step++)
            {
                stage.Advance();
                clock.Advance(TimeSpan.FromMilliseconds(100));
            }
        }

        output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(
            ["Sending orders: 100", "Sending orders: 51 of 100", "Sending orders: done (100 of 100)"]);
    }
}
