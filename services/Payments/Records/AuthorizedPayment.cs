namespace ResilientShop.Payments.Records;

/// <summary>A payment whose capture is due.</summary>
/// <param name="OrderId">Its order.</param>
/// <param name="Failures">How often the capture was tried in vain.</param>
internal sealed record AuthorizedPayment(Guid OrderId, int Failures);
