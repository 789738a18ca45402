namespace ResilientShop.Resilience.Testing;

/// <summary>
/// The entries of a script, and the record of what was played of them. Which entry an attempt meets depends only on its number.
/// Thread-safe; entries may be added while attempts are made.
/// </summary>
internal sealed class Script<TReply>(TimeProvider time, ScriptEntry<TReply> afterwards)
{
    private readonly Lock _gate = new();
    private readonly List<ScriptEntry<TReply>> _entries = [];
    private readonly List<RecordedAttempt> _attempts = [];
    private readonly long _origin = time.GetTimestamp();
    private ScriptEntry<TReply> _afterwards = afterwards;
    private bool _isEnded;

    public IReadOnlyList<RecordedAttempt> Attempts
    {
        get
        {
            lock (_gate)
            {
                return [.. _attempts];
            }
        }
    }

    public int Effects
    {
        get
        {
            lock (_gate)
            {
                return _attempts.Count(attempt => attempt.Acted);
            }
        }
    }

    public void Add(ScriptEntry<TReply> entry)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            _entries.Add(entry);
        }
    }

    public void ChangeLast(Func<ScriptEntry<TReply>, ScriptEntry<TReply>> change)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            _entries[LastIndex()] = change(_entries[^1]);
        }
    }

    /// <summary>The last entry is what all further attempts meet.</summary>
    public void RepeatLastForever()
    {
        lock (_gate)
        {
            ThrowIfEnded();
            _afterwards = _entries[LastIndex()];
            _isEnded = true;
        }
    }

    /// <summary>An attempt after the last entry fails the test.</summary>
    public void End()
    {
        lock (_gate)
        {
            ThrowIfEnded();
            _afterwards = new ScriptEntry<TReply>("not in the script") { Error = NotInTheScript };
            _isEnded = true;
        }
    }

    /// <summary>Records an attempt, lets it meet its entry, and returns the entry's reply; an entry with an error throws it.</summary>
    /// <param name="request">What was asked, without its body.</param>
    /// <param name="readBody">Reads the body of the request as a transport would.</param>
    /// <param name="cancellationToken">Fires when the caller gives up.</param>
    public async Task<TReply> PlayAsync(
        RecordedRequest? request, Func<CancellationToken, Task<byte[]>>? readBody, CancellationToken cancellationToken)
    {
        var (number, entry) = Begin(request);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (readBody is not null)
            {
                var body = await readBody(cancellationToken).ConfigureAwait(false);
                Record(number, attempt => attempt with { Request = request! with { Body = body } });
            }

            await MeetAsync(number, entry, cancellationToken).ConfigureAwait(false);
            EndAttempt(number, entry.Outcome);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Record(number, attempt => attempt with { EndedAt = Now, Outcome = "cancelled", WasCancelled = true });
            throw;
        }
        catch (Exception error)
        {
            EndAttempt(number, $"{error.GetType().Name} on sending: {error.Message}");
            throw;
        }

        return entry.Error is { } failure ? throw failure() : entry.Reply!;
    }

    private TimeSpan Now => time.GetElapsedTime(_origin);

    private async Task MeetAsync(int number, ScriptEntry<TReply> entry, CancellationToken cancellationToken)
    {
        if (entry.Duration > TimeSpan.Zero)
        {
            await ClockWait.ForAsync(entry.Duration, time, cancellationToken).ConfigureAwait(false);
        }

        if (entry.Acts)
        {
            Record(number, attempt => attempt with { Acted = true });
        }

        if (entry.Hangs)
        {
            await ClockWait.ForAsync(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
        }

        if (entry.Yields)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    private (int Number, ScriptEntry<TReply> Entry) Begin(RecordedRequest? request)
    {
        lock (_gate)
        {
            _attempts.Add(new RecordedAttempt(_attempts.Count + 1, Now, request));
            var left = _attempts.Count;
            foreach (var entry in _entries)
            {
                left -= entry.Times;
                if (left <= 0)
                {
                    return (_attempts.Count, entry);
                }
            }

            return (_attempts.Count, _afterwards);
        }
    }

    private void EndAttempt(int number, string outcome) => Record(number, attempt => attempt with { EndedAt = Now, Outcome = outcome });

    private void Record(int number, Func<RecordedAttempt, RecordedAttempt> change)
    {
        lock (_gate)
        {
            _attempts[number - 1] = change(_attempts[number - 1]);
        }
    }

    private ResilienceAssertionException NotInTheScript() =>
        new(Timeline.Failure("An attempt was made after the end of the script", "AndNoMore() ends it", Attempts));

    private int LastIndex() =>
        _entries.Count > 0 ? _entries.Count - 1 : throw new InvalidOperationException("The script has no entry yet that this could change.");

    private void ThrowIfEnded()
    {
        if (_isEnded)
        {
            throw new InvalidOperationException("The script has ended: nothing can come after Forever() or AndNoMore().");
        }
    }
}
