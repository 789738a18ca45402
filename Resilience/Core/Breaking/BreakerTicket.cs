namespace ResilientShop.Resilience;

/// <summary>Leave to make one attempt. It goes back with the attempt's outcome; whether it still counts, its generation tells.</summary>
internal readonly record struct BreakerTicket(int Generation, bool IsProbe);
