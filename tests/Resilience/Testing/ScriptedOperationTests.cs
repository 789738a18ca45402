namespace Resilience.Tests.Testing;

public sealed class ScriptedOperationTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly VirtualClock _clock = new();
    private readonly ScriptedOperation<int> _operation;

    public ScriptedOperationTests() => _operation = new ScriptedOperation<int>(otherwise: 42, _clock);

    [Fact]
    public async Task It_does_as_its_script_says_and_returns_the_rest_afterwards()
    {
        var error = new TimeoutException();
        _operation.Return(1).After(Second).Throw(error).Times(2).Return(2).Yields();
        (await RunAsync()).ShouldBe(1);
        (await Should.ThrowAsync<TimeoutException>(RunAsync)).ShouldBeSameAs(error);
        (await Should.ThrowAsync<TimeoutException>(RunAsync)).ShouldBeSameAs(error);
        (await RunAsync()).ShouldBe(2);
        (await RunAsync()).ShouldBe(42);
        _operation.Attempts.Select(attempt => attempt.Outcome).ShouldBe(
            ["returns 1", "TimeoutException", "TimeoutException", "returns 2", "returns 42"]);
        _operation.ShouldHaveActed(times: 3).Attempts[0].Took.ShouldBe(Second);
    }

    [Fact]
    public async Task A_lost_reply_has_acted()
    {
        _operation.Return(1).LoseReply().Return(1).LoseReply(new TimeoutException()).Throw(new FormatException()).LoseReply();
        await Should.ThrowAsync<IOException>(RunAsync);
        await Should.ThrowAsync<TimeoutException>(RunAsync);
        await Should.ThrowAsync<FormatException>(RunAsync);
        _operation.Effects.ShouldBe(3);
    }

    [Fact]
    public async Task What_acts_can_be_said()
    {
        _operation.Throw(new FormatException()).Acts().Return(1).DoesNotAct();
        await Should.ThrowAsync<FormatException>(RunAsync);
        await RunAsync();
        _operation.Attempts.Select(attempt => attempt.Acted).ShouldBe([true, false]);
    }

    [Fact]
    public async Task A_hang_lasts_until_the_caller_gives_up()
    {
        _operation.Hang().Forever();
        using var timeout = new CancellationTokenSource(Second, _clock);
        await Should.ThrowAsync<OperationCanceledException>(() => _clock.RunAsync(() => _operation.InvokeAsync(timeout.Token)));
        await Should.ThrowAsync<OperationCanceledException>(() => _operation.InvokeAsync(timeout.Token));
        _operation.Attempts.Select(attempt => attempt.CancelledAfter).ShouldBe([Second, TimeSpan.Zero]);
    }

    [Fact]
    public async Task An_attempt_too_many_fails_the_test()
    {
        _operation.AndNoMore();
        await Should.ThrowAsync<ResilienceAssertionException>(RunAsync);
        Should.Throw<InvalidOperationException>(() => _operation.Attempts[0].Request);
    }

    private Task<int> RunAsync() => _clock.RunAsync(() => _operation.InvokeAsync(CancellationToken.None));
}
