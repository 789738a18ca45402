namespace ResilientShop.Resilience;

/// <summary>A change that is in effect, and why: the record of it. Immutable.</summary>
/// <param name="At">When.</param>
/// <param name="Service">Name of the service.</param>
/// <param name="From">The position before.</param>
/// <param name="To">The position after.</param>
/// <param name="Decision">What was decided here, with all it was decided on; null when the policies changed or the fleet was followed.</param>
/// <param name="Reason">Why, as a sentence with values and limits.</param>
public sealed record DegradationChange(DateTimeOffset At, string Service, DegradationPosition From, DegradationPosition To, DegradationDecision? Decision, string Reason);
