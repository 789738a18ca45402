using System.Text.Json;

namespace Replay.Reporting;

/// <summary>
/// The file named by <c>--report</c>. It is written beside its place and moved there when complete, so a reader never sees half of one;
/// opening it before the run shows early when it cannot be written.
/// </summary>
internal sealed class ReportFile : IAsyncDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;

    private ReportFile(string path, FileStream stream)
    {
        _path = path;
        _stream = stream;
    }

    /// <summary>Opens the report, or says in one sentence why it cannot be written.</summary>
    public static (ReportFile? File, string? Fault) Open(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                return (null, $"--report: '{path}' is a directory; name a file");
            }

            return (new ReportFile(path, new FileStream($"{path}.{Environment.ProcessId}.tmp", FileMode.Create, FileAccess.Write)), null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return (null, $"--report: '{path}' cannot be written ({error.Message}); name a file in a folder that exists and may be written to");
        }
    }

    /// <summary>Writes the report to its place.</summary>
    public async Task WriteAsync(Report report)
    {
        await JsonSerializer.SerializeAsync(_stream, report, ReportJson.Default.Report);
        await _stream.DisposeAsync();
        File.Move(_stream.Name, _path, overwrite: true);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        File.Delete(_stream.Name);
    }
}
