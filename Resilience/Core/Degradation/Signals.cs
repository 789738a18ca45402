namespace ResilientShop.Resilience;

/// <summary>The signals a service is judged by.</summary>
[Flags]
public enum Signals
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>The latency that 99 % of the requests do not exceed is above its limit.</summary>
    P99 = 1,

    /// <summary>The share of failed requests is above its limit.</summary>
    Errors = 2,

    /// <summary>The rate of requests falls faster than its limit.</summary>
    Slope = 4,
}
