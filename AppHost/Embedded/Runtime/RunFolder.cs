using System.Globalization;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// The folder for everything that lives only as long as the application: data of the servers, generated settings. It is under the
/// system's temp folder, and it goes away with the AppHost; what an earlier one could not remove is removed at the next start.
/// </summary>
internal static class RunFolder
{
    private const string Prefix = "resilientshop-";

    /// <summary>Makes the folder of this run.</summary>
    public static string Create()
    {
        RemoveAbandoned();
        var path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Random.Shared.Next():x8}"));
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return path;
    }

    private static void RemoveAbandoned()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, CultureInfo.InvariantCulture, out var processId) && !Posix.Exists(processId))
            {
                TryRemove(folder);
            }
        }
    }

    private static void TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's, or its guardian is removing it right now.
        }
    }
}
