using ResilientShop.Resilience.Policies;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Operations.Policies;

/// <summary>Tells in HTTP what a store could not do.</summary>
internal static class StoreProblems
{
    public static async ValueTask<object?> FilterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (PolicyStoreException problem)
        {
            var (status, code) = problem.Failure switch
            {
                PolicyStoreFailure.Conflict => (StatusCodes.Status409Conflict, "REVISION_CONFLICT"),
                PolicyStoreFailure.UnknownRevision => (StatusCodes.Status404NotFound, "UNKNOWN_REVISION"),
                PolicyStoreFailure.Compacted => (StatusCodes.Status410Gone, "REVISION_COMPACTED"),
                PolicyStoreFailure.Denied => (StatusCodes.Status502BadGateway, "POLICY_STORE_DENIED"),
                _ => (StatusCodes.Status503ServiceUnavailable, "POLICY_STORE_UNAVAILABLE"),
            };
            return ProblemResults.Problem(status, code, problem.Message);
        }
    }
}
