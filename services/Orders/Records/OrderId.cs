using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Orders.Records;

/// <summary>The order id in a path.</summary>
internal static class OrderId
{
    /// <summary>404 for an order that is not there, whether or not its id could exist.</summary>
    public static ProblemHttpResult NotFound(string id) => ProblemResults.NotFound(
        Guid.TryParse(id, out _) ? $"There is no order {id}." : $"There is no order '{(id.Length > 64 ? id[..64] + "..." : id)}': order ids are UUIDs.");
}
