using System.Collections.Concurrent;
using System.Diagnostics;

namespace Resilience.Tests;

/// <summary>Records every span of the library, and of a source that stands for a service's request.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ActivitySource _requests = new("test");
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly SemaphoreSlim _stopped = new(0);
    private readonly ActivityListener _listener;

    public SpanRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DurableTelemetry.Name || source == _requests,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                _spans.Enqueue(span);
                _stopped.Release();
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public Activity StartRequest() => _requests.StartActivity("POST")!;

    /// <summary>The spans of a trace in the order of their ends, once <paramref name="last"/> has ended.</summary>
    public async Task<IReadOnlyList<string>> UntilAsync(ActivityTraceId trace, string last, CancellationToken cancellationToken)
    {
        while (true)
        {
            var names = _spans.Where(span => span.TraceId == trace).Select(span => span.OperationName).ToList();
            if (names.Contains(last))
            {
                return names;
            }

            await _stopped.WaitAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _requests.Dispose();
        _stopped.Dispose();
    }
}
