using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Resilience.Tests.Sagas;

/// <summary>A process that dies at its n-th write: just before it, or just after it was stored and before anyone heard of it.</summary>
internal sealed class CrashingStore(ISagaStore inner, int write, bool afterwards) : ForwardingSagaStore(inner)
{
    private int _writes;

    public bool HasCrashed { get; private set; }

    protected override async Task<WriteResult> WriteAsync(Func<Task<WriteResult>> store)
    {
        if (_writes++ != write)
        {
            return await store();
        }

        HasCrashed = true;
        if (afterwards)
        {
            await store();
        }

        throw new CrashException();
    }
}

internal sealed class CrashException() : Exception("the process is gone");
