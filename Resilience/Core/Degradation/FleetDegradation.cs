namespace ResilientShop.Resilience;

/// <summary>Where all instances of a service stand, said by the one that decided it or by an operator. Immutable.</summary>
/// <param name="Level">The level.</param>
/// <param name="NormalShare">The share of requests that take the normal way, from 0 to 1.</param>
/// <param name="IsForced">Whether an operator holds it: it then goes over what an instance sees itself, for better and for worse.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who says so: an instance, a controller or an operator.</param>
/// <param name="Since">When it was said.</param>
public sealed record FleetDegradation(DegradationLevel Level, double NormalShare, bool IsForced, string Reason, string By, DateTimeOffset Since);
