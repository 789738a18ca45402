namespace ResilientShop.Resilience;

/// <summary>How far a service is degraded. The numbers are the values of the gauge <c>resilience.degradation.level</c>.</summary>
public enum DegradationLevel
{
    /// <summary>Everything is done as always.</summary>
    Normal = 0,

    /// <summary>Everything is done as always, and somebody was told that it is slow.</summary>
    Alert = 1,

    /// <summary>The cheaper way is taken, and each answer says so.</summary>
    Degraded = 2,

    /// <summary>The breakers are forced open and the people on call were told.</summary>
    Broken = 3,
}
