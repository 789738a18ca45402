namespace ResilientShop.Resilience.Policies;

/// <summary>The text of one scope, as a store has it. Immutable.</summary>
/// <param name="Scope">Which part of the policies it holds, see <see cref="PolicyScope"/>.</param>
/// <param name="Location">Where it stands, for messages: a file, or a key of a store.</param>
/// <param name="Content">The bytes; they should be YAML in UTF-8.</param>
public sealed record PolicySource(string Scope, string Location, ReadOnlyMemory<byte> Content)
{
    /// <summary>The most bytes that a scope may have. Far more than any shop needs, and little enough to be read on every change.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>Why the content could not be read, for example because it is larger than <see cref="MaxBytes"/>; null when it was.</summary>
    public PolicyError? Problem { get; init; }
}
