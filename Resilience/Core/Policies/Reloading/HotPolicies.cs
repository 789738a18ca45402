using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Keeps a process on the latest good policies of a store: a change is read whole, checked, linted and put in force with one swap; a wrong one is refused whole, and
/// what was good stays. Either way the store is told, so that an operator knows who runs what. Thread-safe; run it once.
/// </summary>
public sealed partial class HotPolicies : IDisposable
{
    private readonly IPolicyStore _store;
    private readonly DependencyRegistry _registry;
    private readonly HotPoliciesOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PolicyMetrics _metrics;
    private readonly AcknowledgementSender _sender;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile PolicyStatus _status;
    private StoredPolicies _running;
    private PolicyStoreFailure? _problem;

    /// <param name="store">Where policies come from.</param>
    /// <param name="registry">Where they are put in force.</param>
    /// <param name="started">What the process was started with.</param>
    /// <param name="options">Who this is.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="meters">Gives the meter, where a host has one.</param>
    /// <param name="logger">Where changes are written.</param>
    public HotPolicies(
        IPolicyStore store,
        DependencyRegistry registry,
        StoredPolicies started,
        HotPoliciesOptions options,
        TimeProvider? time = null,
        System.Diagnostics.Metrics.IMeterFactory? meters = null,
        ILogger<HotPolicies>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(started);
        ArgumentNullException.ThrowIfNull(options);
        (_store, _registry, _running, _options, _time) = (store, registry, started, options, time ?? TimeProvider.System);
        _logger = logger ?? (ILogger)Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
        _status = new PolicyStatus(store.Name, Acknowledge(started, options.Origin), WithClients(registry.Current.Document, PolicyLinter.Lint(registry.Current.Document)));
        _metrics = new PolicyMetrics(meters, () => _status.Acknowledgement);
        _sender = new AcknowledgementSender(store, _time, _logger);
    }

    /// <summary>How this process stands to its policies.</summary>
    public PolicyStatus Status => _status;

    /// <summary>The texts in force.</summary>
    public StoredPolicies Running => Volatile.Read(ref _running);

    /// <summary>Completes when the store has been heard of for the first time, well or not.</summary>
    public Task FirstAsync => _first.Task;

    /// <summary>Follows the store until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Nothing here belongs to a request that happens to be under way.
        Activity.Current = null;
        Tell(_status.Findings);
        _sender.Send(_status.Acknowledgement);
        var sending = _sender.RunAsync(cancellationToken);
        try
        {
            await foreach (var stored in _store.WatchAsync(OnProblem, cancellationToken).ConfigureAwait(false))
            {
                await TakeAsync(stored, cancellationToken).ConfigureAwait(false);
                _first.TrySetResult();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogStopped(_logger);
        }

        await sending.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();

    private async Task TakeAsync(StoredPolicies stored, CancellationToken cancellationToken)
    {
        if (stored.IsEmpty)
        {
            LogEmpty(_logger, _store.Name, _running.Revision);
            if (_options.SeedsEmptyStore && !_running.IsEmpty)
            {
                await SeedAsync(stored.Revision, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        if (stored.Digest == _running.Digest)
        {
            // The same under another number: somebody has gone back to what we run, or the store has been filled from it.
            _registry.Apply(_registry.Current.Document, stored.Revision, stored.Digest);
            Settle(stored, _store.Name, _status.Findings);
            return;
        }

        Reload(stored);
    }

    private void Reload(StoredPolicies stored)
    {
        using var span = ResilienceMetrics.Source.StartActivity("policies.reload", ActivityKind.Internal, parentContext: default);
        span?.SetTag("policies.revision.old", _running.Revision).SetTag("policies.revision.new", stored.Revision).SetTag("policies.digest", stored.Digest);
        var before = _running.Revision;
        try
        {
            var (document, findings) = CheckedPolicies.Load(stored.Sources);
            _options.Check?.Invoke(document);
            _registry.Apply(document, stored.Revision, stored.Digest);
            findings = WithClients(document, findings);
            Settle(stored, _store.Name, findings);
            _metrics.Reloaded(applied: true);
            span?.AddEvent(new ActivityEvent("policies applied", tags: new ActivityTagsCollection { ["old"] = before, ["new"] = stored.Revision }));
            LogApplied(_logger, before, stored.Revision, stored.Digest, _store.Name);
            Tell(findings);
        }
        catch (PolicyInvalidException invalid)
        {
            Refuse(stored, [.. invalid.Errors.Select(error => error.ToString())], span);
        }
        catch (Exception exception)
        {
            // A defect of ours, or of a requirement, must not end the following of the store: the next text may be one that it can be put right with.
            Refuse(stored, [$"It could not be checked: {exception.GetType().Name}: {exception.Message}"], span);
        }
    }

    private IReadOnlyList<PolicyFinding> WithClients(PolicyDocument document, IReadOnlyList<PolicyFinding> findings) =>
        [.. findings, .. UnlistedCalls.Of(document, _options.Service, _options.Clients)];

    private void Settle(StoredPolicies stored, string origin, IReadOnlyList<PolicyFinding> findings)
    {
        Volatile.Write(ref _running, stored);
        _status = new PolicyStatus(_store.Name, Acknowledge(stored, origin), findings);
        _sender.Send(_status.Acknowledgement);
        _options.Applied?.Invoke(stored);
    }

    private void Refuse(StoredPolicies stored, List<string> reasons, Activity? span)
    {
        _metrics.Reloaded(applied: false);
        span?.SetStatus(ActivityStatusCode.Error, reasons[0]).AddEvent(new ActivityEvent("policies refused", tags: new ActivityTagsCollection { ["reasons"] = string.Join('\n', reasons) }));
        LogRefused(_logger, stored.Revision, _running.Revision, string.Join(Environment.NewLine, reasons));
        _status = _status with { Acknowledgement = _status.Acknowledgement with { RefusedRevision = stored.Revision, RefusedBecause = [.. reasons.Take(20)] } };
        _sender.Send(_status.Acknowledgement);
    }

    private async Task SeedAsync(long from, CancellationToken cancellationToken)
    {
        var texts = _running.Sources.ToDictionary(source => source.Scope, source => (ReadOnlyMemory<byte>?)source.Content);
        var change = new PolicyChange(texts, _options.Service, $"the store was empty; these are {_status.Acknowledgement.Origin}") { From = from };
        try
        {
            var revision = await _store.ChangeAsync(change, cancellationToken).ConfigureAwait(false);
            LogSeeded(_logger, _store.Name, revision);
        }
        catch (PolicyStoreException exception)
        {
            OnProblem(exception.Failure == PolicyStoreFailure.Conflict ? null : exception);
        }
    }

    private Acknowledgement Acknowledge(StoredPolicies stored, string origin) => new()
    {
        Service = _options.Service,
        Instance = _options.Instance,
        Revision = stored.Revision,
        Digest = stored.Digest,
        At = _time.GetUtcNow(),
        Origin = origin,
        Pinned = _options.Pinned,
        AfterRestart = [.. _registry.All.Where(dependency => dependency.Policy.Connections != dependency.Connections).Select(
            dependency => $"connections of {dependency.Name} stay {Text(dependency.Connections)} until a restart; the policies say {Text(dependency.Policy.Connections)}")],
    };

    private static string Text(ConnectionPolicy connections) => FormattableString.Invariant(
        $"idle_ms {connections.Idle.TotalMilliseconds}, lifetime_ms {connections.Lifetime.TotalMilliseconds}, max_per_host {connections.MaxPerHost}");

    private void OnProblem(PolicyStoreException? problem)
    {
        var text = problem is null ? null : $"{problem.Failure}: {problem.Message}";
        if (text == _status.Acknowledgement.StoreProblem)
        {
            return;
        }

        var told = _problem;
        _problem = problem?.Failure;
        _status = _status with { Acknowledgement = _status.Acknowledgement with { StoreProblem = text } };
        _first.TrySetResult();
        if (problem is null)
        {
            LogWell(_logger, _store.Name);
            _sender.Send(_status.Acknowledgement);
        }
        else if (problem.Failure != told)
        {
            // An outage has many texts, as calls fail in one way after the other; the log has a line for each kind of trouble.
            _metrics.Problem(problem.Failure);
            LogProblem(_logger, _running.Revision, problem.Failure, problem.Message);
        }
    }

    private void Tell(IReadOnlyList<PolicyFinding> findings)
    {
        foreach (var finding in findings.Where(finding => finding.Severity == FindingSeverity.Warning))
        {
            LogFinding(_logger, finding.ToString());
        }

        foreach (var late in _status.Acknowledgement.AfterRestart)
        {
            LogAfterRestart(_logger, late);
        }
    }

    [LoggerMessage(LogLevel.Information, "Policies: revision {Old} -> {New} ({Digest}), from {Store}")]
    private static partial void LogApplied(ILogger logger, long old, long @new, string digest, string store);

    [LoggerMessage(LogLevel.Error, "Policies of revision {Refused} are refused, {Running} stays in force: {Reasons}")]
    private static partial void LogRefused(ILogger logger, long refused, long running, string reasons);

    [LoggerMessage(LogLevel.Warning, "Policies: {Finding}")]
    private static partial void LogFinding(ILogger logger, string finding);

    [LoggerMessage(LogLevel.Warning, "Policies: {AfterRestart}")]
    private static partial void LogAfterRestart(ILogger logger, string afterRestart);

    [LoggerMessage(LogLevel.Warning, "{Store} holds no policies; those of revision {Running} stay in force")]
    private static partial void LogEmpty(ILogger logger, string store, long running);

    [LoggerMessage(LogLevel.Information, "{Store} was empty; its revision {Revision} has the policies of this instance now")]
    private static partial void LogSeeded(ILogger logger, string store, long revision);

    [LoggerMessage(LogLevel.Warning, "Policies of revision {Running} stay in force, the store cannot be read ({Failure}): {Reason}")]
    private static partial void LogProblem(ILogger logger, long running, PolicyStoreFailure failure, string reason);

    [LoggerMessage(LogLevel.Information, "{Store} can be read again")]
    private static partial void LogWell(ILogger logger, string store);

    [LoggerMessage(LogLevel.Debug, "Policies are no longer followed")]
    private static partial void LogStopped(ILogger logger);
}
