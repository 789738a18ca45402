namespace ResilientShop.Resilience;

/// <summary>Levels by their names on the wire: <c>normal</c>, <c>alert</c>, <c>degraded</c>, <c>broken</c>.</summary>
public static class DegradationLevels
{
    /// <summary>All names, for messages.</summary>
    public const string Names = "normal, alert, degraded or broken";

    /// <summary>The name of a level.</summary>
    public static string ToName(this DegradationLevel level) => level switch
    {
        DegradationLevel.Normal => "normal",
        DegradationLevel.Alert => "alert",
        DegradationLevel.Degraded => "degraded",
        _ => "broken",
    };

    /// <summary>The level of a name.</summary>
    public static bool TryParse(string? name, out DegradationLevel level)
    {
        for (level = DegradationLevel.Normal; level <= DegradationLevel.Broken; level++)
        {
            if (level.ToName() == name)
            {
                return true;
            }
        }

        level = DegradationLevel.Normal;
        return false;
    }
}
