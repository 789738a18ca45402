namespace Replay.OnlineRetail;

/// <summary>
/// One CSV record: the line it starts on, its fields, or, when <paramref name="Broken"/> says why it has none, the text it was cut from.
/// </summary>
internal sealed record CsvRecord(int Line, IReadOnlyList<string> Fields, string? Broken = null);
