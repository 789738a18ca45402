using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Releasing;

/// <summary>Work on several things, each of which the store may refuse.</summary>
internal static class StoreAttempts
{
    /// <summary>Does it for all, one after the other: what cannot be done for one keeps nobody from doing it for the others.</summary>
    /// <exception cref="PolicyStoreException">It could not be done for some; the first problem.</exception>
    public static async Task EachAsync<T>(IEnumerable<T> all, Func<T, Task> act)
    {
        PolicyStoreException? problem = null;
        foreach (var one in all)
        {
            try
            {
                await act(one);
            }
            catch (PolicyStoreException exception)
            {
                problem ??= exception;
            }
        }

        if (problem is not null)
        {
            throw problem;
        }
    }
}
