namespace Tools.Tests.Faults;

/// <summary>Processes that a test starts and ends, and what was done to them.</summary>
internal sealed class FakeVictims : IVictims
{
    private readonly Lock _lock = new();
    private readonly Dictionary<FaultTarget, Victim> _running = [];

    /// <summary>What was done, in order: <c>kill orders-1</c>, <c>pause broker</c>, <c>wake broker</c>.</summary>
    public List<string> Done { get; } = [];

    /// <summary>Starts a process for the target, or another one.</summary>
    public void Run(FaultTarget target, int processId, bool isHealthy = true)
    {
        lock (_lock)
        {
            _running[target] = new Victim(target, processId, isHealthy);
        }
    }

    public Victim? Find(FaultTarget target)
    {
        lock (_lock)
        {
            return _running.GetValueOrDefault(target);
        }
    }

    public void Kill(Victim victim)
    {
        lock (_lock)
        {
            Done.Add($"kill {victim.Target.Name} {victim.ProcessId}");
            _running.Remove(victim.Target);
        }
    }

    public IDisposable Pause(Victim victim)
    {
        Note($"pause {victim.Target.Name} {victim.ProcessId}");
        return new Wakening(() => Note($"wake {victim.Target.Name} {victim.ProcessId}"));
    }

    private void Note(string what)
    {
        lock (_lock)
        {
            Done.Add(what);
        }
    }

    private sealed class Wakening(Action wake) : IDisposable
    {
        public void Dispose() => wake();
    }
}
