namespace ResilientShop.Resilience.Testing;

/// <summary>Something with a script that records every attempt at it. What the assertions of <see cref="AttemptAssertions"/> are made
/// about.</summary>
public interface IScripted
{
    /// <summary>The attempts so far, in the order in which they started; a copy that no longer changes.</summary>
    IReadOnlyList<RecordedAttempt> Attempts { get; }

    /// <summary>How many attempts acted, which is to say: were carried out, whatever the caller learned of it.</summary>
    int Effects { get; }
}
