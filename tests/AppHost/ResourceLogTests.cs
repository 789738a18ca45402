namespace AppHost.Tests;

public sealed class ResourceLogTests
{
    private readonly ResourceLog _log = new(TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_gets_what_was_written_before_it_came_and_what_comes_after()
    {
        _log.Append("before", isError: false);
        await using var reader = _log.ReadAsync(follow: true, Cancellation).GetAsyncEnumerator(Cancellation);
        await reader.MoveNextAsync();
        reader.Current.Single().Text.ShouldEndWith(" before");

        _log.Append("after", isError: true);
        await reader.MoveNextAsync();
        reader.Current.Single().ShouldSatisfyAllConditions(
            line => line.Text.ShouldEndWith(" after"),
            line => line.IsError.ShouldBeTrue(),
            line => line.Number.ShouldBe(2));
    }

    [Fact]
    public async Task Without_following_a_reader_ends_with_what_is_there()
    {
        _log.Append("one", isError: false);
        var batches = new List<IReadOnlyList<LogLine>>();
        await foreach (var batch in _log.ReadAsync(follow: false, Cancellation))
        {
            batches.Add(batch);
        }

        batches.Single().Count.ShouldBe(1);
    }

    [Fact]
    public void Only_the_last_lines_are_kept_however_much_is_written()
    {
        for (var i = 1; i <= 5000; i++)
        {
            _log.Append($"line {i}", isError: false);
        }

        _log.Tail(10_000).Count.ShouldBe(2000);
        _log.Tail(1).ShouldBe(["line 5000"]);
    }

    [Fact]
    public void The_end_of_a_stream_is_no_line()
    {
        _log.Append(null, isError: false);
        _log.Tail(1).ShouldBeEmpty();
    }
}
