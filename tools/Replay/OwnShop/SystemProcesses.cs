using System.Globalization;
using System.Runtime.InteropServices;

namespace Replay.OwnShop;

/// <summary>Processes as Linux tells of them, and signals to them.</summary>
internal static partial class SystemProcesses
{
    /// <summary>Sends a signal. A process that has gone is no error.</summary>
    public static void Send(int processId, UnixSignal signal) => _ = Kill(processId, (int)signal);

    /// <summary>The parent of a living process; null when there is no such process, or only its exit code is left of it.</summary>
    public static int? ParentOf(int processId)
    {
        try
        {
            // "pid (name) state parent ...": the name may hold anything, also brackets.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ', 3);
            return fields[0] is "Z" or "X" ? null : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The living processes that <paramref name="processId"/> started itself.</summary>
    public static IReadOnlyList<int> ChildrenOf(int processId) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id != 0 && ParentOf(id) == processId),
    ];

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}

/// <summary>Signals, by their number on Linux.</summary>
internal enum UnixSignal
{
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
