namespace Replay.Reporting;

/// <summary>Progress for logs and pipes: a plain line when a stage begins and ends, and at most one every few seconds in between.</summary>
internal sealed class ProgressLines(TextWriter output, TimeProvider time) : IProgressBoard
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    public IProgressStage Begin(string title, int total) => new Stage(title, total, output, time);

    /// <inheritdoc />
    public void Say(string line) => output.WriteLine(line);

    private sealed class Stage : IProgressStage
    {
        private readonly Lock _writing = new();
        private readonly string _title;
        private readonly int _total;
        private readonly TextWriter _output;
        private readonly TimeProvider _time;
        private int _done;
        private long _lastLine;

        public Stage(string title, int total, TextWriter output, TimeProvider time)
        {
            _title = title;
            _total = total;
            _output = output;
            _time = time;
            _lastLine = time.GetTimestamp();
            _output.WriteLine($"{_title}: {_total}");
        }

        public void Advance()
        {
            var done = Interlocked.Increment(ref _done);
            lock (_writing)
            {
                if (_time.GetElapsedTime(_lastLine) >= Interval)
                {
                    _lastLine = _time.GetTimestamp();
                    _output.WriteLine($"{_title}: {done} of {_total}");
                }
            }
        }

        public void Dispose() => _output.WriteLine($"{_title}: done ({_done} of {_total})");
    }
}
