using Policy.CommandLine;

namespace Policy.Linting;

/// <summary>The scopes in a folder, or the one in a file, with what is wrong with how they are called.</summary>
/// <param name="Sources">The scopes.</param>
/// <param name="Errors">Files that are no scope, or one that is there already.</param>
internal sealed record ScopeFiles(IReadOnlyList<PolicySource> Sources, IReadOnlyList<PolicyError> Errors)
{
    private const string Allowed = "must be resilience, defaults, tiers or topology with .yaml or .yml, or stand in the folder dependencies, services or routes";

    private static readonly string[] Groups = ["dependencies", "services", "routes"];

    /// <summary>Reads a folder or a file.</summary>
    /// <exception cref="UsageException">It is not there, or has nothing to read.</exception>
    public static ScopeFiles Read(string path)
    {
        if (File.Exists(path))
        {
            return new ScopeFiles([SourceOf(ScopeOf(path), path)], []);
        }

        return Directory.Exists(path) ? ReadFolder(path) : throw new UsageException($"PATH: '{path}' is neither a file nor a folder");
    }

    private static ScopeFiles ReadFolder(string path)
    {
        var folder = new PolicyFolder(path);
        try
        {
            var sources = folder.Read();
            var errors = folder.Strangers().Select(file => new PolicyError("the name", $"'{Path.GetFileName(file)}'", Allowed) { Source = file }).ToList();
            return sources.Count + errors.Count == 0
                ? throw new UsageException($"PATH: '{path}' has no scope in it; a scope {Allowed}")
                : new ScopeFiles(sources, errors);
        }
        catch (PolicyStoreException unreadable)
        {
            throw new UsageException($"PATH: {unreadable.Message}");
        }
    }

    /// <summary>What a file alone is, by its name and folder; a file of any other name is a whole document.</summary>
    private static string ScopeOf(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)));
        return Groups.Contains(folder) ? $"{folder}/{name}" : PolicyScope.IsValid(name) ? name : PolicyScope.Whole;
    }

    private static PolicySource SourceOf(string scope, string file)
    {
        try
        {
            var content = ScopeText.ReadFile(file);
            return new PolicySource(scope, file, content);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new PolicySource(scope, file, default) { Problem = new PolicyError("the file", "not readable", $"must be: {unreadable.Message}") { Source = file } };
        }
    }
}
