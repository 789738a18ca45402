using ResilientShop.Resilience;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>The deadline of the current request.</summary>
internal sealed record DeadlineFeature(Deadline Deadline);
