namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Scopes as files of a folder: <c>resilience.yaml</c>, <c>defaults.yaml</c>, <c>tiers.yaml</c>, <c>topology.yaml</c> and <c>dependencies/NAME.yaml</c>,
/// <c>services/NAME.yaml</c>, <c>routes/NAME.yaml</c>. Other files and folders are somebody else's. Thread-safe.
/// </summary>
/// <param name="path">The folder.</param>
public sealed class PolicyFolder(string path)
{
    /// <summary>Where a store of files keeps its history and its instances; no part of the policies.</summary>
    internal const string State = ".state";

    private static readonly string[] Extensions = [".yaml", ".yml"];
    private static readonly string[] Groups = ["dependencies", "services", "routes"];

    /// <summary>The folder, as it was given.</summary>
    public string Path { get; } = path;

    /// <summary>The file of a scope that has none yet.</summary>
    public string FileOf(string scope) => System.IO.Path.Combine(Path, $"{scope}{Extensions[0]}");

    /// <summary>Reads all scopes. A file that cannot be read, or is too large to be, is a source with a <see cref="PolicySource.Problem"/>.</summary>
    /// <exception cref="PolicyStoreException">The folder itself cannot be read.</exception>
    public IReadOnlyList<PolicySource> Read()
    {
        try
        {
            return
            [
                .. Files().GroupBy(file => file.Scope, file => file.File, StringComparer.Ordinal)
                    .OrderBy(scope => scope.Key, StringComparer.Ordinal)
                    .Select(scope => Read(scope.Key, [.. scope.Order(StringComparer.Ordinal)])),
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception, $"The policies in {Path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>YAML files at the top whose name is no scope: nobody reads them, and who wrote them may think otherwise.</summary>
    internal IEnumerable<string> Strangers() => Directory.EnumerateFiles(Path)
        .Where(file => Extensions.Contains(System.IO.Path.GetExtension(file)) && !System.IO.Path.GetFileName(file).StartsWith('.')
            && !PolicyScope.IsValid(System.IO.Path.GetFileNameWithoutExtension(file)))
        .Order(StringComparer.Ordinal);

    /// <summary>The files that scopes are in.</summary>
    internal IEnumerable<(string Scope, string File)> Files()
    {
        var top = Directory.EnumerateFiles(Path).Select(file => (Scope: System.IO.Path.GetFileNameWithoutExtension(file), File: file));
        var grouped = Groups.Select(group => System.IO.Path.Combine(Path, group)).Where(Directory.Exists).SelectMany(
            group => Directory.EnumerateFiles(group).Select(file => (Scope: $"{System.IO.Path.GetFileName(group)}/{System.IO.Path.GetFileNameWithoutExtension(file)}", File: file)));
        return top.Where(file => PolicyScope.IsValid(file.Scope)).Concat(grouped.Where(file => !System.IO.Path.GetFileName(file.File).StartsWith('.')))
            .Where(file => Extensions.Contains(System.IO.Path.GetExtension(file.File)));
    }

    internal static PolicyStoreException Failure(Exception exception, string message) =>
        new(exception is UnauthorizedAccessException ? PolicyStoreFailure.Denied : PolicyStoreFailure.Unavailable, message, exception);

    private static PolicySource Read(string scope, string[] files) => files is [var file] ? Read(scope, file) : new PolicySource(scope, files[1], default)
    {
        Problem = new PolicyError("the scope", $"'{scope}', which {files[0]} is too", "must be in one file") { Source = files[1] },
    };

    private static PolicySource Read(string scope, string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > PolicySource.MaxBytes)
            {
                return new PolicySource(scope, file, default) { Problem = PolicyYaml.TooLarge(file, stream.Length) };
            }

            // One byte more than is allowed, should it grow meanwhile.
            var buffer = new byte[PolicySource.MaxBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length > PolicySource.MaxBytes
                ? new PolicySource(scope, file, default) { Problem = PolicyYaml.TooLarge(file, length) }
                : new PolicySource(scope, file, buffer.AsMemory(0, length).ToArray());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PolicySource(scope, file, default)
            {
                Problem = new PolicyError("the file", PolicyNode.Quote(exception.Message), "must be readable") { Source = file },
            };
        }
    }
}
