using Microsoft.Extensions.Options;
using Npgsql;
using ResilientShop.Operations.Healing;
using ResilientShop.Resilience;

namespace ResilientShop.Operations.Jira;

/// <summary>
/// Makes an issue in Jira for each ticket and keeps it up to date: comments in their order, status by its workflow. One instance does it at a time. What Jira does not take now waits
/// here and keeps no healing waiting; what may have come about is looked for before it is done again, so that nothing is there twice.
/// </summary>
internal sealed partial class JiraMirror(NpgsqlDataSource database, JiraTable table, JiraClient jira, IOptions<JiraOptions> options, TimeProvider time, ILogger<JiraMirror> logger) : BackgroundService
{
    /// <summary>Session lock of the instance that mirrors.</summary>
    private const long LockKey = 0x6a69_7261;

    private const int MostFailures = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWish = TimeSpan.FromHours(1);

    private readonly JiraOptions _options = options.Value;
    private string? _lastProblem;
    private (long Ticket, int Failures) _stubborn;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        for (var failures = 0; ;)
        {
            var pause = _options.Look;
            try
            {
                await MirrorWhileMineAsync(stoppingToken);
                failures = 0;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, tickets wait where they are; a worker that ends would end the whole service.
                pause = Later(exception as JiraException, failures++);
                Tell(exception.Message, pause);
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }

    /// <summary>Looks once, where no other instance does.</summary>
    private async Task MirrorWhileMineAsync(CancellationToken cancellationToken)
    {
        // Of the session and not of a transaction, which would be open for as long as Jira takes. A connection that returns to the pool keeps it until it is used again, which may
        // be never; one that is broken has lost it.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(FormattableString.Invariant($"SELECT pg_try_advisory_lock({LockKey})"), connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return;
        }

        try
        {
            await MirrorAllAsync(cancellationToken);
        }
        finally
        {
            command.CommandText = FormattableString.Invariant($"SELECT pg_advisory_unlock({LockKey})");
            await command.ExecuteScalarAsync(CancellationToken.None);
        }
    }

    private async Task MirrorAllAsync(CancellationToken cancellationToken)
    {
        while (await table.PendingAsync(cancellationToken) is { Count: > 0 } pending)
        {
            foreach (var one in pending)
            {
                await MirrorOrPutOffAsync(one, cancellationToken);
            }

            if (_lastProblem is not null)
            {
                _lastProblem = null;
                LogBack();
            }
        }
    }

    private async Task MirrorOrPutOffAsync(PendingIssue one, CancellationToken cancellationToken)
    {
        try
        {
            await MirrorAsync(one, cancellationToken);
        }
        catch (JiraException problem) when (problem is { IsRefused: false, IsInDoubt: true } && IsStubborn(one.Ticket.Number))
        {
            // It may be this one alone that Jira cannot digest: the others go on. What is in doubt of it stays in doubt. A rate limit or a wrong token is about all of them.
            LogRefused(one.Ticket.Number, problem.Message);
            await table.PutOffAsync(one.Ticket.Number, problem.Message, _options.LongestPause, cancellationToken);
        }
        catch (JiraException problem) when (problem.IsRefused)
        {
            LogRefused(one.Ticket.Number, problem.Message);
            await table.PutOffAsync(one.Ticket.Number, problem.Message, _options.LongestPause, cancellationToken);
        }
    }

    private async Task MirrorAsync(PendingIssue one, CancellationToken cancellationToken)
    {
        var number = one.Ticket.Number;
        if ((one.Issue ?? await MakeAsync(one, cancellationToken)) is not { } issue)
        {
            return;
        }

        foreach (var (id, author, text) in one.Comments)
        {
            var body = FormattableString.Invariant($"{author}: {text} [comment {id}]");
            if (one.DoubtComment != id || !await jira.HasCommentAsync(issue, FormattableString.Invariant($"[comment {id}]"), cancellationToken))
            {
                await table.DoubtCommentAsync(number, id, cancellationToken);
                await jira.CommentAsync(issue, body, cancellationToken);
            }

            await table.SaidAsync(number, id, cancellationToken);
        }

        if (one.Status != one.Ticket.Status)
        {
            if (_options.Statuses.TryGetValue(one.Ticket.Status, out var status) && !await jira.MoveAsync(issue, status, cancellationToken))
            {
                LogNoWay(issue, status);
            }

            await table.MovedAsync(number, one.Ticket.Status, cancellationToken);
        }
    }

    /// <returns>Null while it is too early to know whether there is one.</returns>
    private async Task<string?> MakeAsync(PendingIssue one, CancellationToken cancellationToken)
    {
        var number = one.Ticket.Number;
        if (one.DoubtSince is { } since)
        {
            if (since + _options.SearchAfter - time.GetUtcNow() is { } left && left > TimeSpan.Zero)
            {
                throw new JiraException($"Whether Jira has an issue for ticket {number} is looked up in {left.TotalSeconds:0.#} s.", isInDoubt: true) { RetryAfter = left };
            }

            if (await jira.FindAsync(one.Ticket, cancellationToken) is { } found)
            {
                await table.KnownAsync(number, found, cancellationToken);
                return found;
            }
        }

        await table.DoubtAsync(number, cancellationToken);
        try
        {
            var made = await jira.CreateAsync(one.Ticket, cancellationToken);
            await table.KnownAsync(number, made, cancellationToken);
            LogMade(number, made);
            return made;
        }
        catch (JiraException problem) when (!problem.IsInDoubt)
        {
            await table.NoDoubtAsync(number, cancellationToken);
            throw;
        }
    }

    /// <summary>Whether a ticket has now failed three times in a row.</summary>
    private bool IsStubborn(long ticket)
    {
        _stubborn = (ticket, _stubborn.Ticket == ticket ? _stubborn.Failures + 1 : 1);
        return _stubborn.Failures >= MostFailures;
    }

    private TimeSpan Later(JiraException? problem, int failures)
    {
        var pause = Backoff.Exponential(FirstPause, _options.LongestPause, failures);
        return problem?.RetryAfter is { } asked && asked > pause ? asked < LongestWish ? asked : LongestWish : pause;
    }

    private void Tell(string problem, TimeSpan pause)
    {
        if (_lastProblem != problem)
        {
            LogNotNow(pause.TotalSeconds, problem);
        }

        _lastProblem = problem;
    }

    [LoggerMessage(LogLevel.Information, "Ticket {Ticket} is {Issue} in Jira")]
    private partial void LogMade(long ticket, string issue);

    [LoggerMessage(LogLevel.Warning, "Tickets wait for Jira, and nothing is lost; it is tried again in {Seconds:0.#} s: {Problem}")]
    private partial void LogNotNow(double seconds, string problem);

    [LoggerMessage(LogLevel.Information, "Jira takes tickets again")]
    private partial void LogBack();

    [LoggerMessage(LogLevel.Warning, "Ticket {Ticket} is put off and the others go on: {Problem}")]
    private partial void LogRefused(long ticket, string problem);

    [LoggerMessage(LogLevel.Warning, "{Issue} cannot be moved to {Status}: its workflow has no way there. Name another status in Jira:Statuses")]
    private partial void LogNoWay(string issue, string status);
}
