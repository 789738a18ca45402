using System.Runtime.InteropServices;

namespace AppHost.Embedded.Runtime;

/// <summary>The few system calls that .NET has no name for.</summary>
internal static partial class Posix
{
    /// <summary>Whether the AppHost runs as root, as it does in many containers.</summary>
    public static bool IsRoot => GetEuid() == 0;

    /// <summary>The process that started this one.</summary>
    public static int ParentProcessId => GetParentPid();

    /// <summary>Sends a signal to a process and everything in its group. A process that has gone is no error.</summary>
    public static void SignalGroup(int processId, Signal signal)
    {
        if (Kill(-processId, (int)signal) != 0)
        {
            _ = Kill(processId, (int)signal);
        }
    }

    /// <summary>Whether a process with this id exists.</summary>
    public static bool Exists(int processId) => Kill(processId, 0) == 0 || Marshal.GetLastPInvokeError() == NotPermitted;

    /// <summary>Gives a file or folder to another user.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    public static void ChangeOwner(string path, UnixUser user)
    {
        if (Chown(path, user.UserId, user.GroupId) != 0)
        {
            throw new IOException($"{path} could not be given to user {user.Name}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private const int NotPermitted = 1;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEuid();

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentPid();

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint owner, uint group);
}

/// <summary>A user of the machine.</summary>
internal sealed record UnixUser(string Name, uint UserId, uint GroupId)
{
    /// <summary>The first of <paramref name="names"/> that this machine has.</summary>
    public static UnixUser? Find(params ReadOnlySpan<string> names)
    {
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToLookup(fields => fields[0]);
        foreach (var name in names)
        {
            if (users[name].FirstOrDefault() is [_, _, var uid, var gid, ..] && uint.TryParse(uid, out var userId) && uint.TryParse(gid, out var groupId))
            {
                return new UnixUser(name, userId, groupId);
            }
        }

        return null;
    }
}
