using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Common;

namespace Services.Tests.Operations.Temporal;

/// <summary>
/// A workflow's history as a server writes it, put together by hand because there is no server where these tests run: what the worker would command stands in it, and a replay of the
/// real workflow fails where its commands are others.
/// </summary>
internal sealed class HistoryBuilder
{
    private readonly List<HistoryEvent> _events = [];
    private readonly string _workflow;
    private readonly string _taskQueue;
    private long _now = 1_800_000_000;
    private long _task;

    public HistoryBuilder(string workflow, string taskQueue, params object[] input)
    {
        (_workflow, _taskQueue) = (workflow, taskQueue);
        Add(EventType.WorkflowExecutionStarted).WorkflowExecutionStartedEventAttributes = new WorkflowExecutionStartedEventAttributes
        {
            WorkflowType = new WorkflowType { Name = workflow },
            TaskQueue = new TaskQueue { Name = taskQueue },
            Input = PayloadsOf(input),
            WorkflowExecutionTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(10)),
            WorkflowTaskTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(10)),
            OriginalExecutionRunId = "run",
            FirstExecutionRunId = "run",
            Attempt = 1,
        };
        TaskDone();
    }

    /// <summary>Whole seconds between events, so that timers are over when they should be.</summary>
    public HistoryBuilder Later(double seconds)
    {
        _now += (long)Math.Ceiling(seconds);
        return this;
    }

    /// <summary>The worker schedules an activity, and it answers; the next task begins.</summary>
    public HistoryBuilder Activity<T>(string name, T result) => Activities((name, result!));

    /// <summary>The worker schedules activities at the same time, and they answer in this order.</summary>
    public HistoryBuilder Activities(params (string Name, object? Result)[] all)
    {
        var scheduled = all.Select((activity, place) => (activity.Result, Id: Schedule(activity.Name))).ToList();
        foreach (var (result, id) in scheduled)
        {
            var started = Add(EventType.ActivityTaskStarted);
            started.ActivityTaskStartedEventAttributes = new ActivityTaskStartedEventAttributes { ScheduledEventId = id, Attempt = 1 };
            if (result is Failure failure)
            {
                Add(EventType.ActivityTaskFailed).ActivityTaskFailedEventAttributes = new ActivityTaskFailedEventAttributes
                {
                    ScheduledEventId = id, StartedEventId = started.EventId, Failure = failure, RetryState = RetryState.MaximumAttemptsReached,
                };
            }
            else
            {
                Add(EventType.ActivityTaskCompleted).ActivityTaskCompletedEventAttributes = new ActivityTaskCompletedEventAttributes
                {
                    ScheduledEventId = id, StartedEventId = started.EventId, Result = PayloadsOf(result),
                };
            }
        }

        TaskDone();
        return this;
    }

    /// <summary>The worker starts a timer, and it fires.</summary>
    public HistoryBuilder Timer(TimeSpan time)
    {
        var started = StartTimer(time);
        Later(time.TotalSeconds);
        Add(EventType.TimerFired).TimerFiredEventAttributes = new TimerFiredEventAttributes { TimerId = started.TimerStartedEventAttributes.TimerId, StartedEventId = started.EventId };
        TaskDone();
        return this;
    }

    /// <summary>The worker starts a timer, and a signal comes before it fires.</summary>
    public HistoryBuilder TimerCutShort(TimeSpan time, string signal, object argument)
    {
        var started = StartTimer(time);
        Later(1);
        Signal(signal, argument);
        TaskDone();
        Add(EventType.TimerCanceled).TimerCanceledEventAttributes = new TimerCanceledEventAttributes
        {
            TimerId = started.TimerStartedEventAttributes.TimerId, StartedEventId = started.EventId, WorkflowTaskCompletedEventId = _task,
        };
        return this;
    }

    /// <summary>A signal, in the task that is next.</summary>
    public HistoryBuilder Signal(string name, object argument)
    {
        Add(EventType.WorkflowExecutionSignaled).WorkflowExecutionSignaledEventAttributes =
            new WorkflowExecutionSignaledEventAttributes { SignalName = name, Input = PayloadsOf(argument) };
        return this;
    }

    public WorkflowHistory Completed(object result)
    {
        Add(EventType.WorkflowExecutionCompleted).WorkflowExecutionCompletedEventAttributes =
            new WorkflowExecutionCompletedEventAttributes { Result = PayloadsOf(result), WorkflowTaskCompletedEventId = _task };
        return new WorkflowHistory("healing-test", _events);
    }

    private static Payloads PayloadsOf(params object?[] values)
    {
        var payloads = new Payloads();
        payloads.Payloads_.AddRange(values.Select(value => new Payload
        {
            Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(value)),
        }));
        return payloads;
    }

    private long Schedule(string name)
    {
        var scheduled = Add(EventType.ActivityTaskScheduled);
        scheduled.ActivityTaskScheduledEventAttributes = new ActivityTaskScheduledEventAttributes
        {
            ActivityId = (++_activities).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ActivityType = new ActivityType { Name = name },
            TaskQueue = new TaskQueue { Name = _taskQueue },
            WorkflowTaskCompletedEventId = _task,
        };
        return scheduled.EventId;
    }

    private int _activities;
    private int _timers;

    private HistoryEvent StartTimer(TimeSpan time)
    {
        var started = Add(EventType.TimerStarted);
        started.TimerStartedEventAttributes = new TimerStartedEventAttributes
        {
            TimerId = (++_timers).ToString(System.Globalization.CultureInfo.InvariantCulture), StartToFireTimeout = Duration.FromTimeSpan(time), WorkflowTaskCompletedEventId = _task,
        };
        return started;
    }

    /// <summary>A task of the worker, from scheduled to completed.</summary>
    private void TaskDone()
    {
        var scheduled = Add(EventType.WorkflowTaskScheduled);
        scheduled.WorkflowTaskScheduledEventAttributes = new WorkflowTaskScheduledEventAttributes { TaskQueue = new TaskQueue { Name = _taskQueue }, Attempt = 1 };
        var started = Add(EventType.WorkflowTaskStarted);
        started.WorkflowTaskStartedEventAttributes = new WorkflowTaskStartedEventAttributes { ScheduledEventId = scheduled.EventId };
        var completed = Add(EventType.WorkflowTaskCompleted);
        completed.WorkflowTaskCompletedEventAttributes = new WorkflowTaskCompletedEventAttributes { ScheduledEventId = scheduled.EventId, StartedEventId = started.EventId };
        _task = completed.EventId;
    }

    private HistoryEvent Add(EventType type)
    {
        var added = new HistoryEvent { EventId = _events.Count + 1, EventType = type, EventTime = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeSeconds(_now)) };
        _events.Add(added);
        return added;
    }
}
