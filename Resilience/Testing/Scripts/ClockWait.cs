namespace ResilientShop.Resilience.Testing;

/// <summary>
/// A wait on a clock that ends, whether by time or by cancellation, on the thread that brings it about. <see cref="Task.Delay(TimeSpan, TimeProvider,
/// CancellationToken)"/> hands a cancellation to the thread pool, and until a thread takes it up its timer still looks set.
/// </summary>
internal static class ClockWait
{
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    public static async Task ForAsync(TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource();
        using var timer = time.CreateTimer(static end => ((TaskCompletionSource)end!).TrySetResult(), end, duration, Timeout.InfiniteTimeSpan);
        using var cancellation = cancellationToken.UnsafeRegister(
            static (end, token) => ((TaskCompletionSource)end!).TrySetCanceled(token), end);
        await end.Task.ConfigureAwait(false);
    }
}
