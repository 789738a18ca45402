using System.Globalization;

namespace EndToEnd.Tests.Shop;

/// <summary>Looks at processes as the system sees them.</summary>
internal static class ProcessTree
{
    /// <summary>A process as it is at one moment; the start time tells it from a later one with the same id.</summary>
    internal readonly record struct Entry(int Id, int Parent, string StartTime, string Command)
    {
        /// <summary>The program with its arguments; empty when it has ended.</summary>
        public string CommandLine()
        {
            try
            {
                return File.ReadAllText($"/proc/{Id}/cmdline").Replace('\0', ' ').TrimEnd();
            }
            catch (IOException)
            {
                return "";
            }
        }

        /// <summary>Whether it was started with this variable.</summary>
        public bool Has(string variable, string value)
        {
            try
            {
                return File.ReadAllText($"/proc/{Id}/environ").Split('\0').Contains($"{variable}={value}");
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    /// <summary>Everything that <paramref name="root"/> started, and what that started.</summary>
    public static IReadOnlyList<Entry> Descendants(int root)
    {
        var all = Snapshot();
        var found = new List<Entry>();
        var parents = new HashSet<int> { root };
        for (var added = true; added;)
        {
            var children = all.Where(process => parents.Contains(process.Parent) && !found.Contains(process)).ToArray();
            added = children.Length > 0;
            found.AddRange(children);
            parents.UnionWith(children.Select(child => child.Id));
        }

        return found;
    }

    /// <summary>Waits until none of them is alive.</summary>
    public static Task GoneAsync(IReadOnlyCollection<Entry> processes, CancellationToken cancellationToken) =>
        Eventually.Async(() => Task.FromResult(!Snapshot().Any(alive => processes.Any(old => old.Id == alive.Id && old.StartTime == alive.StartTime))), cancellationToken);

    private static List<Entry> Snapshot()
    {
        var entries = new List<Entry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var afterName = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (afterName[0] is not "Z")
                {
                    entries.Add(new Entry(
                        int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture),
                        int.Parse(afterName[1], CultureInfo.InvariantCulture),
                        afterName[19],
                        stat[stat.IndexOf('(', StringComparison.Ordinal)..(stat.LastIndexOf(')') + 1)]));
                }
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }

        return entries;
    }
}
