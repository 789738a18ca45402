namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>How a saga ended.</summary>
/// <param name="Id">Identifier of the saga.</param>
/// <param name="Status"><see cref="SagaStatus.Completed"/> or <see cref="SagaStatus.Compensated"/>.</param>
/// <param name="FailureCode">Why it was compensated; null when it completed.</param>
/// <param name="FailureDetail"><paramref name="FailureCode"/> as a sentence.</param>
/// <param name="EndedAt">When, on the database's clock: the transaction time that <c>now()</c> gave the local steps.</param>
public sealed record SagaResult(Guid Id, SagaStatus Status, string? FailureCode, string? FailureDetail, DateTimeOffset EndedAt);

/// <summary>What a request to cancel a saga came to.</summary>
public enum SagaCancellation
{
    /// <summary>There is no such saga.</summary>
    NotFound,

    /// <summary>It is running and will turn round before it completes.</summary>
    Requested,

    /// <summary>It had completed and is being compensated now.</summary>
    Reopened,

    /// <summary>It was being compensated already.</summary>
    AlreadyCompensating,

    /// <summary>It was compensated already.</summary>
    AlreadyCompensated,

    /// <summary>It is past its pivot and only goes forwards.</summary>
    TooLate,

    /// <summary>This instance does not know its definition or version; another one has to be asked.</summary>
    Parked,
}
