namespace ResilientShop.Resilience.Testing;

/// <summary>What one attempt, or several in a row, meets.</summary>
/// <typeparam name="TReply">What the caller's answer is made of.</typeparam>
internal sealed record ScriptEntry<TReply>(string Outcome)
{
    public TReply? Reply { get; init; }

    /// <summary>Null when there is a reply.</summary>
    public Func<Exception>? Error { get; init; }

    public bool Hangs { get; init; }

    public bool Acts { get; init; }

    /// <summary>False when the fault comes before the request has left, so that it cannot act.</summary>
    public bool Leaves { get; init; } = true;

    public bool Yields { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>How many attempts in a row.</summary>
    public int Times { get; init; } = 1;
}
