using System.Collections.Frozen;

namespace ResilientShop.Payments.Provider;

/// <summary>How the simulated provider treats a charge; the token chooses. Nothing given means: takes the money and says so at once.</summary>
internal sealed record Mood
{
    private static readonly FrozenDictionary<string, Mood> Moods = new Dictionary<string, Mood>
    {
        ["tok_ok"] = new(),
        ["tok_declined"] = new() { Verdict = ProviderCharge.Declined },
        ["tok_busy"] = new() { Refusals = 2, RefusalStatus = StatusCodes.Status503ServiceUnavailable },
        ["tok_rate_limited"] = new() { Refusals = 2, RefusalStatus = StatusCodes.Status429TooManyRequests },
        ["tok_slow"] = new() { IsSlow = true },
        ["tok_timeout"] = new() { IsSilent = true },
        ["tok_crash"] = new() { LosesFirstAnswer = true },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What becomes of the charge in the end.</summary>
    public string Verdict { get; private init; } = ProviderCharge.Taken;

    /// <summary>How many times an order is refused before it gets its verdict.</summary>
    public int Refusals { get; private init; }

    /// <summary>HTTP status of those refusals.</summary>
    public int RefusalStatus { get; private init; }

    /// <summary>Answers, but takes its time.</summary>
    public bool IsSlow { get; private init; }

    /// <summary>Takes nothing and never answers.</summary>
    public bool IsSilent { get; private init; }

    /// <summary>Takes the money, then breaks the connection instead of answering, the first time.</summary>
    public bool LosesFirstAnswer { get; private init; }

    /// <summary>The mood of <paramref name="token"/>, or null for a token that the provider does not know.</summary>
    public static Mood? Of(string token) => Moods.GetValueOrDefault(token);
}
