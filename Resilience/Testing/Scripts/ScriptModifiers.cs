namespace ResilientShop.Resilience.Testing;

/// <summary>The changes to the last entry that every kind of script knows.</summary>
internal static class ScriptModifiers
{
    public static void After<TReply>(this Script<TReply> script, TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        script.ChangeLast(entry => entry with { Duration = duration });
    }

    public static void Times<TReply>(this Script<TReply> script, int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        script.ChangeLast(entry => entry with { Times = times });
    }

    public static void Yields<TReply>(this Script<TReply> script) => script.ChangeLast(entry => entry with { Yields = true });

    public static void DoesNotAct<TReply>(this Script<TReply> script) => script.ChangeLast(entry => entry with { Acts = false });

    public static void Acts<TReply>(this Script<TReply> script) => script.ChangeLast(entry => ThatLeaves(entry) with { Acts = true });

    public static void LoseReply<TReply>(this Script<TReply> script, Func<Exception> error) =>
        script.ChangeLast(entry => ThatLeaves(entry) with
        {
            Acts = true,
            Error = entry.Error ?? error,
            Outcome = $"{entry.Outcome}, reply lost",
        });

    private static ScriptEntry<TReply> ThatLeaves<TReply>(ScriptEntry<TReply> entry) =>
        entry.Leaves ? entry : throw new InvalidOperationException($"With {entry.Outcome} the request never leaves, so it cannot be carried out.");
}
