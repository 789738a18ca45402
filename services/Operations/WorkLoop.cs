namespace ResilientShop.Operations;

/// <summary>Looks for work again and again. What fails is told once and tried at the next look: a worker that ends would end the whole service.</summary>
internal static class WorkLoop
{
    /// <param name="look">Does what there is to do.</param>
    /// <param name="pause">Between two looks.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told the first problem of a row of failures.</param>
    /// <param name="stopping">Ends it.</param>
    public static async Task RunAsync(Func<Task> look, TimeSpan pause, TimeProvider time, Action<string> tell, CancellationToken stopping)
    {
        await Task.Yield();
        for (var hasFailed = false; ;)
        {
            try
            {
                await look();
                hasFailed = false;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                if (!hasFailed)
                {
                    tell(exception.Message);
                }

                hasFailed = true;
            }

            await Task.Delay(pause, time, stopping);
        }
    }
}
