namespace Replay.OnlineRetail;

/// <summary>An invoice that takes back (<c>C...</c>). It does not say which invoice it takes back from. Quantities are positive.</summary>
internal sealed record Cancellation(string Invoice, int Position, string? Customer, IReadOnlyList<RetailRow> Lines);
