namespace ResilientShop.Operations.Healing;

/// <summary>A dead letter in a list.</summary>
/// <param name="Id">The letter.</param>
/// <param name="ServiceName">Who failed.</param>
/// <param name="Operation">At what.</param>
/// <param name="ErrorCode">Why, as a code.</param>
/// <param name="ErrorDetail">Why, for people.</param>
/// <param name="RetryCount">Failed attempts.</param>
/// <param name="Key">Key of what failed.</param>
/// <param name="Traceparent">Its trace.</param>
/// <param name="FailedAt">When it was given up.</param>
/// <param name="ArrivedAt">When it came.</param>
/// <param name="Fingerprint">The same for failures of one cause.</param>
/// <param name="Ticket">Number of its ticket.</param>
internal sealed record DeadLetterView(
    Guid Id,
    string ServiceName,
    string Operation,
    string ErrorCode,
    string ErrorDetail,
    int RetryCount,
    string Key,
    string? Traceparent,
    DateTimeOffset FailedAt,
    DateTimeOffset ArrivedAt,
    string Fingerprint,
    long Ticket);

/// <summary>A ticket.</summary>
/// <param name="Number">Its number.</param>
/// <param name="LetterId">The letter that it was opened for.</param>
/// <param name="Summary">What it is about, in a line.</param>
/// <param name="Priority">P1, the highest, to P5.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Status"><c>open</c>, <c>diagnosing</c>, <c>healing</c>, <c>resolved</c> or <c>escalated</c>.</param>
/// <param name="OpenedAt">When it was opened.</param>
/// <param name="ChangedAt">When anything was last done about it.</param>
/// <param name="LastComment">What was said last.</param>
internal sealed record TicketView(
    long Number, Guid LetterId, string Summary, string Priority, IReadOnlyList<string> Labels, string Status, DateTimeOffset OpenedAt, DateTimeOffset ChangedAt, string? LastComment)
{
    /// <summary>Its issue in Jira; null where there is none.</summary>
    public string? Issue { get; init; }

    /// <summary>Why Jira refuses it; null where it does not.</summary>
    public string? IssueProblem { get; init; }
}

/// <summary>A ticket with everything that was said.</summary>
/// <param name="Ticket">The ticket.</param>
/// <param name="Comments">What was said, oldest first.</param>
internal sealed record TicketHistory(TicketView Ticket, IReadOnlyList<TicketComment> Comments);

/// <summary>Something that was said of a ticket.</summary>
/// <param name="At">When.</param>
/// <param name="Author">By whom.</param>
/// <param name="Text">What.</param>
internal sealed record TicketComment(DateTimeOffset At, string Author, string Text);
