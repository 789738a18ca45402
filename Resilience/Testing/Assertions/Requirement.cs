namespace ResilientShop.Resilience.Testing;

/// <summary>The one place where assertions about attempts fail.</summary>
internal static class Requirement
{
    public static TScripted Require<TScripted>(
        this TScripted scripted, bool holds, string expected, string found, IReadOnlyList<RecordedAttempt> attempts)
        where TScripted : IScripted =>
        holds ? scripted : throw new ResilienceAssertionException(Timeline.Failure(expected, found, attempts));
}
