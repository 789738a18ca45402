namespace ResilientShop.Resilience;

/// <summary>One attempt of a call.</summary>
/// <param name="Number">Zero for the first attempt of the call.</param>
/// <param name="AnnouncedNumber">What the callee is told (<see cref="ResilienceHeaders.RetryAttempt"/>): above zero also for a first attempt whose caller is retrying.</param>
/// <param name="Timeout">The time it has.</param>
/// <param name="IsTrial">Whether it is one of the share by which a broken callee recovers, which is told it (<see cref="ResilienceHeaders.RecoveryTrial"/>).</param>
internal readonly record struct Attempt(int Number, int AnnouncedNumber, TimeSpan Timeout, bool IsTrial);
