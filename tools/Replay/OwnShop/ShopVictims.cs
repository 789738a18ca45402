using Replay.Faults;

namespace Replay.OwnShop;

/// <summary>
/// The processes of the shop that this tool started. A process is only ever signalled when it is the AppHost or the AppHost's own child: a number
/// from a file that is a moment old may by now be a stranger's.
/// </summary>
internal sealed class ShopVictims(int appHost, string readyFile, Watchdog watchdog) : IVictims
{
    /// <inheritdoc />
    public Victim? Find(FaultTarget target)
    {
        if (target == FaultTarget.Broker)
        {
            return SystemProcesses.ParentOf(appHost) is null ? null : new Victim(target, appHost, IsHealthy: true);
        }

        var instance = ShopAddresses.TryRead(readyFile)?.Instances.FirstOrDefault(instance => instance.Name == target.Name);
        return instance is { ProcessId: { } id } && SystemProcesses.ParentOf(id) == appHost ? new Victim(target, id, instance.IsHealthy) : null;
    }

    /// <inheritdoc />
    public void Kill(Victim victim) => SystemProcesses.Send(victim.ProcessId, UnixSignal.Kill);

    /// <inheritdoc />
    public IDisposable Pause(Victim victim)
    {
        var paused = new List<int>();
        Stop(victim.ProcessId);
        if (victim.Target == FaultTarget.Database)
        {
            // Its sessions are processes. The postmaster sleeps by now and starts no more of them.
            foreach (var session in SystemProcesses.ChildrenOf(victim.ProcessId))
            {
                Stop(session);
            }
        }

        return new Wakening(paused);

        void Stop(int processId)
        {
            watchdog.Remember(processId);
            paused.Add(processId);
            SystemProcesses.Send(processId, UnixSignal.Stop);
        }
    }

    private sealed class Wakening(IReadOnlyList<int> paused) : IDisposable
    {
        public void Dispose()
        {
            foreach (var processId in paused.Reverse())
            {
                SystemProcesses.Send(processId, UnixSignal.Continue);
            }
        }
    }
}
