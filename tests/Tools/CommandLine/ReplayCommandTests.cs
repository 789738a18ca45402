namespace Tools.Tests.CommandLine;

public sealed class ReplayCommandTests
{
    // Port 1 is reserved, nobody listens there.
    private const string NoShop = "http://127.0.0.1:1";

    [Theory]
    [InlineData("--rate", "-1")]
    [InlineData("--rate", "NaN")]
    [InlineData("--rate", "fast")]
    [InlineData("--concurrency", "0")]
    [InlineData("--concurrency", "1.5")]
    [InlineData("--limit", "0")]
    [InlineData("--repeat", "x")]
    [InlineData("--run-id", "a b")]
    [InlineData("--run-id", "a/b")]
    [InlineData("--token", "")]
    [InlineData("--settle", "-1")]
    [InlineData("--timeout", "0")]
    [InlineData("--retries", "-1")]
    [InlineData("--kills", "0")]
    [InlineData("--kills", "1001")]
    [InlineData("--kills", "some")]
    [InlineData("--seed", "-1")]
    [InlineData("--seed", "2147483648")]
    [InlineData("--gateway", "localhost:7070")]
    [InlineData("--gateway", "ftp://localhost")]
    [InlineData("--gateway", "http://user@localhost")]
    [InlineData("--gateway", "http://localhost/?x=1")]
    public async Task A_wrong_value_is_refused_with_option_value_and_what_is_right(string option, string value)
    {
        var run = await ReplayRun.OfAsync("orders.csv", option, value);

        run.ExitCode.ShouldBe(2);
        run.Out.ShouldBeEmpty();
        run.Error.Split('\n')[0].ShouldStartWith($"{option}: '{value}' is not ");
    }

    [Theory]
    [InlineData("FILE: missing")]
    [InlineData("--buyers: 3 needs --stock", "--buyers", "3")]
    [InlineData("--stock: 3 needs --buyers", "--stock", "3")]
    [InlineData("cannot be combined", "orders.csv", "--buyers", "3", "--stock", "1")]
    [InlineData("--limit, --repeat", "--buyers", "3", "--stock", "1", "--limit", "2")]
    [InlineData("--allow-remote", "orders.csv", "--gateway", "http://shop.example:7070")]
    [InlineData("--kills: 30 needs --start-shop", "orders.csv", "--kills", "30")]
    [InlineData("--seed: 7 needs --kills", "orders.csv", "--start-shop", "--seed", "7")]
    [InlineData("--rate: 0 cannot be combined with --kills 5", "orders.csv", "--start-shop", "--kills", "5", "--rate", "0")]
    [InlineData("--gateway: 'http://localhost:1/' cannot be combined with --start-shop", "orders.csv", "--start-shop", "--gateway", "http://localhost:1")]
    [InlineData("--no-build, --shop-log: only with --start-shop", "orders.csv", "--no-build")]
    [InlineData("--no-build, --shop-log: only with --start-shop", "orders.csv", "--shop-log", "shop.log")]
    [InlineData("--scenario: 'rain' is not known; it must be one of normal-day, latency-fault, error-fault, traffic-collapse, flapping-fault, slow-recovery", "orders.csv", "--start-shop", "--scenario", "rain")]
    [InlineData("--scenario: latency-fault needs --start-shop", "orders.csv", "--scenario", "latency-fault")]
    [InlineData("--scenario: latency-fault cannot be combined with --kills 5", "orders.csv", "--start-shop", "--scenario", "latency-fault", "--kills", "5")]
    [InlineData("--scenario: latency-fault cannot be combined with --buyers 5", "--buyers", "5", "--stock", "3", "--start-shop", "--scenario", "latency-fault")]
    [InlineData("--rate: 0 cannot be combined with --scenario latency-fault", "orders.csv", "--start-shop", "--scenario", "latency-fault", "--rate", "0")]
    [InlineData("--chart: 'a.svg' needs --scenario", "orders.csv", "--start-shop", "--chart", "a.svg")]
    [InlineData("--kills: 5 and their pauses need 53 s of orders, and 100 at 50 a second are 2 s; use", "--buyers", "100", "--stock", "3", "--start-shop", "--kills", "5")]
    [InlineData("'--nope'", "orders.csv", "--nope")]
    [InlineData("'second.csv'", "orders.csv", "second.csv")]
    public async Task Options_that_do_not_fit_together_are_refused(string part, params string[] arguments)
    {
        var run = await ReplayRun.OfAsync(arguments);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(part);
    }

    [Fact]
    public async Task Help_explains_and_exits_with_0()
    {
        var run = await ReplayRun.OfAsync("--help");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("starts with five digits");
        run.Out.ShouldContain("--allow-remote");
    }

    [Fact]
    public async Task A_day_that_is_repeated_too_seldom_for_the_faults_is_refused()
    {
        using var file = new TempFile(Csv.File(Csv.Line("1", "10001")));

        var run = await ReplayRun.OfAsync(file.Path, "--start-shop", "--kills", "5", "--repeat", "2", "--rate", "1");

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldStartWith("--kills: 5 and their pauses need 53 s of orders, and 2 at 1 a second are 2 s");
    }

    [Fact]
    public async Task A_missing_file_is_one_line_and_exit_code_2()
    {
        using var file = new TempFile();

        var run = await ReplayRun.OfAsync(file.Path, "--gateway", NoShop);

        run.ExitCode.ShouldBe(2);
        run.Error.TrimEnd().ShouldBe($"FILE: '{file.Path}': there is no such file");
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_one_line_with_the_url_and_what_to_do()
    {
        using var file = new TempFile(Csv.File(Csv.Line("1", "10001")));

        var run = await ReplayRun.OfAsync(file.Path, "--gateway", NoShop);

        run.ExitCode.ShouldBe(2);
        run.Error.TrimEnd().ShouldNotContain("\n");
        run.Error.ShouldContain(NoShop);
        run.Error.ShouldContain("start the shop");
    }

    [Fact]
    public async Task A_file_without_an_order_is_refused_with_its_rejected_lines()
    {
        using var file = new TempFile(Csv.File(Csv.Line("1", "POST"), Csv.Line("C2", "10001", "-1")));

        var run = await ReplayRun.OfAsync(file.Path, "--gateway", NoShop);

        run.ExitCode.ShouldBe(2);
        run.Out.ShouldContain("not-goods: 1");
        run.Error.ShouldContain("no order to send");
    }

    [Fact]
    public async Task A_report_that_cannot_be_written_is_refused_before_anything_is_sent()
    {
        using var file = new TempFile(Csv.File(Csv.Line("1", "10001")));

        (await ReplayRun.OfAsync(file.Path, "--gateway", NoShop, "--report", file.Folder)).Error.ShouldContain("is a directory");
        (await ReplayRun.OfAsync(file.Path, "--gateway", NoShop, "--report", Path.Combine(file.Folder, "none", "x.json"))).Error.ShouldContain("cannot be written");
        Directory.GetFiles(file.Folder).ShouldBe([file.Path]);
    }
}
