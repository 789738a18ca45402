using System.Diagnostics;

namespace Replay.OwnShop;

/// <summary>What the shop prints: its last lines, and all of them in the file of <c>--shop-log</c>. Thread-safe.</summary>
internal sealed class ShopOutput : IDisposable
{
    private const int KeptLines = 30;

    private readonly Queue<string> _tail = new();
    private TextWriter? _file;

    private ShopOutput(TextWriter? file) => _file = file;

    /// <summary>The last lines.</summary>
    public string Tail
    {
        get
        {
            lock (_tail)
            {
                return string.Join('\n', _tail);
            }
        }
    }

    /// <summary>Opens the file, where one is wanted.</summary>
    /// <exception cref="OwnShopException">It cannot be written.</exception>
    public static ShopOutput Open(string? path)
    {
        try
        {
            return new ShopOutput(path is null ? null : new StreamWriter(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OwnShopException($"--shop-log: '{path}' cannot be written ({error.Message}); name a file in a folder that exists and may be written to");
        }
    }

    /// <summary>Reads what the process prints from now on.</summary>
    public void Follow(Process process)
    {
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_tail)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_tail)
        {
            _file?.WriteLine(line);
            _tail.Enqueue(line);
            if (_tail.Count > KeptLines)
            {
                _tail.Dequeue();
            }
        }
    }
}
