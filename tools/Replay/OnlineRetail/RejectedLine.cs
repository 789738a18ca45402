namespace Replay.OnlineRetail;

/// <summary>
/// A line of the file that is not sent: where it is, which field with which value, why (one of <see cref="RejectionReasons"/>), and what
/// would be right. <paramref name="Invoice"/> is null where the line does not tell.
/// </summary>
internal sealed record RejectedLine(int Line, string? Invoice, string Field, string Value, string Reason, string Expected);
