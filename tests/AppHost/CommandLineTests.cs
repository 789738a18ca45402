namespace AppHost.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData()]
    [InlineData("--ready-file", "ready.json")]
    [InlineData("--ready-file=ready.json", "--Ports:Gateway", "0")]
    [InlineData("--ports:dashboard=0")]
    [InlineData("--ConnectionStrings:kafka", "localhost:9092")]
    public void A_command_line_that_says_something_is_taken(params string[] args) => CommandLine.Problem(args).ShouldBeNull();

    [Theory]
    [InlineData("--redy-file", "--redy-file", "ready.json")]
    [InlineData("--ready-file needs a value", "--ready-file")]
    [InlineData("--ready-file needs a value", "--ready-file", "--Ports:Gateway", "0")]
    [InlineData("--Ports:Gateway needs a value", "--Ports:Gateway=")]
    [InlineData("'ready.json' is no option", "ready.json")]
    [InlineData("--Gateway", "--Gateway", "80")]
    public void Any_other_is_refused_with_the_word_that_is_wrong(string named, params string[] args)
    {
        var problem = CommandLine.Problem(args);
        problem.ShouldNotBeNull();
        problem.ShouldContain(named);
        problem.ShouldContain("--ready-file PATH");
    }
}
