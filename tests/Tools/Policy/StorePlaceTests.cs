namespace Tools.Tests.Policy;

/// <summary>Which store a command talks to.</summary>
public sealed class StorePlaceTests : IDisposable
{
    private readonly PolicyBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task The_one_that_is_asked_for()
    {
        await _bench.RunAsync("get", "--store", "https://a:2379,http://b:2379");
        await _bench.RunAsync("get", "--store", _bench.Folder);

        _bench.Opened.ShouldBe(["https://a:2379,http://b:2379", _bench.Folder]);
    }

    [Fact]
    public async Task Else_the_one_of_the_environment_else_the_folder_config()
    {
        await _bench.RunAsync("get");
        _bench.SetVariable("ConnectionStrings__etcd", null);
        var config = Directory.CreateDirectory(Path.Combine(_bench.Folder, "config")).FullName;
        await _bench.RunAsync("get");

        _bench.Opened.ShouldBe(["http://localhost:2379", config]);
    }

    [Fact]
    public async Task Else_it_says_how()
    {
        _bench.SetVariable("ConnectionStrings__etcd", null);

        var run = await _bench.RunAsync("status");

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldStartWith("--store: missing; name etcd (--store http://localhost:2379), a folder (--store config), or set ConnectionStrings__etcd");
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("localhost:2379")]
    [InlineData("http://")]
    [InlineData("http://a:2379,b:2379")]
    [InlineData("http://a:2379/path")]
    [InlineData("http://root:s3cret@a:2379")]
    [InlineData("http://root:s3,cret@a:2379")]
    [InlineData("root:s3cret@a:2379")]
    public async Task What_is_no_place_is_refused_without_showing_a_password(string place)
    {
        var run = await _bench.RunAsync("status", "--store", place);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldStartWith("--store: '");
        run.Error.ShouldNotContain("s3");
        run.Error.ShouldNotContain("cret@");
    }

    [Fact]
    public async Task A_wrong_place_in_the_environment_is_named_as_such()
    {
        _bench.SetVariable("ConnectionStrings__etcd", "Host=x");

        (await _bench.RunAsync("status")).Error.ShouldStartWith("ConnectionStrings__etcd: 'Host=x' is neither");
    }

    [Fact]
    public void Credentials_come_from_the_environment_and_are_not_shown()
    {
        var environment = new Dictionary<string, string> { ["ETCD_USERNAME"] = "root", ["ETCD_PASSWORD"] = "s3cret", ["ETCD_CA"] = "" };

        var credentials = EtcdCredentials.From(environment.GetValueOrDefault);

        credentials.ShouldBe(new EtcdCredentials("root", "s3cret", null, null, null));
        $"{credentials}".ShouldBe("root");
    }

    [Fact]
    public async Task Help_explains_and_exits_with_0()
    {
        var run = await _bench.RunAsync("--help");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("Exit code: 0 done");
        (await _bench.RunAsync("set", "--help")).Out.ShouldContain("--from");
    }

    [Theory]
    [InlineData]
    [InlineData("nope")]
    [InlineData("get", "--nope")]
    public async Task What_is_no_command_is_wrong_usage(params string[] arguments)
    {
        (await _bench.RunAsync(arguments)).ExitCode.ShouldBe(2);
        _bench.Opened.ShouldBeEmpty();
    }
}
