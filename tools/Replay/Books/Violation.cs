namespace Replay.Books;

/// <summary>A rule of <see cref="Rules"/> that does not hold: which, and one sentence with ids and amounts.</summary>
internal sealed record Violation(string Rule, string Message)
{
    /// <summary>The invoice it is about, where it is about one.</summary>
    public string? Invoice { get; init; }

    /// <summary>The order it is about, where it is about one.</summary>
    public Guid? OrderId { get; init; }

    /// <summary>The sku it is about, where it is about one.</summary>
    public string? Sku { get; init; }
}
