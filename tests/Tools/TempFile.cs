namespace Tools.Tests;

/// <summary>A file in a folder of its own that goes away with the test.</summary>
internal sealed class TempFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("replay-tests-");

    public TempFile(string? text = null, string name = "orders.csv")
    {
        Path = System.IO.Path.Combine(_folder.FullName, name);
        if (text is not null)
        {
            File.WriteAllText(Path, text);
        }
    }

    public string Path { get; }

    public string Folder => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
