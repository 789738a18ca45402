namespace Replay.Shop;

/// <summary>Asks whether the shop is there before anything is changed.</summary>
internal static class GatewayProbe
{
    private const string UnsoldSku = "00000-replay-probe";

    /// <summary>
    /// Null when the shop answers, else one sentence that says what is wrong and what to do. A shop that is there but not ready is given
    /// the retries of <paramref name="patient"/>; a port where nobody listens is reported at once by <paramref name="impatient"/>.
    /// </summary>
    public static async Task<string?> FindFaultAsync(Uri gateway, ShopClient impatient, ShopClient patient, CancellationToken cancellationToken)
    {
        var answer = await impatient.GetStockAsync(UnsoldSku, cancellationToken);
        if (ShopClient.IsTransient(answer.Status))
        {
            answer = await patient.GetStockAsync(UnsoldSku, cancellationToken);
        }

        return answer switch
        {
            { Status: 200, Body: not null } or { Status: 404, Problem.Code: not null } => null,
            { Status: 0 } => $"--gateway: {gateway} is not reachable ({answer.Failure}); start the shop, or name the gateway's URL",
            { Status: var status } when ShopClient.IsTransient(status) => $"--gateway: {gateway} answers, but the shop behind it is not ready ({answer}); wait until it is healthy",
            _ => $"--gateway: {gateway} answers, but not as the shop's gateway does (GET /inventory/{UnsoldSku}: {answer}); name the gateway's URL",
        };
    }
}
