using System.Globalization;

namespace ResilientShop.Resilience.Testing;

/// <summary>How many threads of the whole machine want a core, per core.</summary>
internal static class CoreQueue
{
    private const string Path = "/proc/loadavg";

    private static readonly bool IsKnown = File.Exists(Path);

    /// <summary>At least 1; always 1 where the kernel does not tell. Thread-safe.</summary>
    /// <remarks>The fourth field of <c>/proc/loadavg</c> (proc_loadavg(5)) is "runnable/all", at this moment.</remarks>
    public static int Length
    {
        get
        {
            if (!IsKnown)
            {
                return 1;
            }

            var fields = File.ReadAllText(Path).Split(' ');
            return fields.Length > 3 && int.TryParse(fields[3].Split('/')[0], CultureInfo.InvariantCulture, out var runnable)
                ? Math.Max(1, (runnable + Environment.ProcessorCount - 1) / Environment.ProcessorCount)
                : 1;
        }
    }
}
