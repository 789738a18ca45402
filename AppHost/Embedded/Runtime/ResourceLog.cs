using System.Threading.Channels;

namespace AppHost.Embedded.Runtime;

/// <summary>A line that a resource wrote.</summary>
/// <param name="Number">Counts from 1.</param>
/// <param name="Text">The line, with the time it arrived in front.</param>
/// <param name="IsError">Whether it came from standard error.</param>
internal readonly record struct LogLine(int Number, string Text, bool IsError);

/// <summary>The last lines that a resource wrote. Thread-safe.</summary>
internal sealed class ResourceLog(TimeProvider time)
{
    private const int Kept = 2000;

    private readonly Queue<LogLine> _lines = new();
    private readonly List<Channel<LogLine>> _followers = [];
    private int _count;

    /// <summary>Called with each line as it arrives.</summary>
    public event Action<string, bool>? Written;

    /// <summary>Adds a line; null, the end of the stream, is ignored.</summary>
    /// <param name="text">The line.</param>
    /// <param name="isError">Whether it came from standard error.</param>
    /// <param name="echo">False when the console says the same in its own words.</param>
    public void Append(string? text, bool isError, bool echo = true)
    {
        if (text is null)
        {
            return;
        }

        lock (_lines)
        {
            var line = new LogLine(++_count, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffffffZ} {text}", isError);
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
            {
                _lines.Dequeue();
            }

            foreach (var follower in _followers)
            {
                follower.Writer.TryWrite(line);
            }
        }

        if (echo)
        {
            Written?.Invoke(text, isError);
        }
    }

    /// <summary>The last <paramref name="count"/> lines, without their time.</summary>
    public IReadOnlyList<string> Tail(int count)
    {
        lock (_lines)
        {
            return [.. _lines.TakeLast(count).Select(line => line.Text[(line.Text.IndexOf(' ', StringComparison.Ordinal) + 1)..])];
        }
    }

    /// <summary>What was written so far and, when <paramref name="follow"/>, what comes, in batches.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> ReadAsync(
        bool follow,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A dashboard that reads too slowly loses the oldest lines, never our memory.
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest });
        LogLine[] backlog;
        lock (_lines)
        {
            backlog = [.. _lines];
            _followers.Add(channel);
        }

        try
        {
            if (backlog.Length > 0)
            {
                yield return backlog;
            }

            while (follow && await channel.Reader.WaitToReadAsync(cancellationToken))
            {
                var batch = new List<LogLine>();
                while (batch.Count < 200 && channel.Reader.TryRead(out var line))
                {
                    batch.Add(line);
                }

                yield return batch;
            }
        }
        finally
        {
            lock (_lines)
            {
                _followers.Remove(channel);
            }
        }
    }
}
