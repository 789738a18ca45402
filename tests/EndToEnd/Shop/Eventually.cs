namespace EndToEnd.Tests.Shop;

/// <summary>Waits for what another process does in its own time. The test's own timeout is the only limit.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static async Task Async(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval);
        while (!await HoldsAsync(condition))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
