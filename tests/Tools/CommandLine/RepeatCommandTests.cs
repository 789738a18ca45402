namespace Tools.Tests.CommandLine;

public sealed class RepeatCommandTests
{
    private const string Tool = "dotnet run --project tools/Replay -- ";

    [Theory]
    [InlineData("day.csv --start-shop --kills 30 --seed 7", "day.csv", "--start-shop", "--kills", "30")]
    [InlineData("day.csv --kills 30 --seed 7", "day.csv", "--seed", "5", "--kills", "30")]
    [InlineData("day.csv --kills=30 --seed 7", "day.csv", "--seed=5", "--kills=30")]
    [InlineData("'a day'\\''s.csv' '' --seed 7", "a day's.csv", "")]
    public void It_is_the_command_with_the_seed_that_was_used(string command, params string[] arguments) =>
        RepeatCommand.Of(arguments, 7).ShouldBe(Tool + command);
}
