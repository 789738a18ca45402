using System.Globalization;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>
/// Runs the script on the saga engine: what is in the journal is not done again, and a wait ends this run; the saga comes back when it is over. Of one run.
/// </summary>
internal sealed class SagaHealingDriver(Guid letter, HealingDeeds deeds, HealingJournal journal, TimeProvider time, CancellationToken cancellationToken) : IHealingDriver
{
    private int _entries;
    private long _lastHeard;

    public Task<Diagnosis> DiagnoseAsync(int look) => OnceAsync("diagnose", () => deeds.DiagnoseAsync(letter, cancellationToken));

    public Task<AttemptPermit> BeginAttemptAsync(int attempt, string? allowedBy) => OnceAsync("begin", () => deeds.BeginAttemptAsync(letter, attempt, allowedBy, cancellationToken));

    public Task RespondAsync(int attempt, Diagnosis diagnosis, string? approvedBy) => Task.WhenAll(
        OnceAsync("roll-back", () => deeds.RollBackAsync(letter, attempt, diagnosis, approvedBy, cancellationToken)),
        OnceAsync("alert", () => deeds.AlertAsync(letter, attempt, diagnosis, cancellationToken)),
        OnceAsync("report", async () =>
        {
            await deeds.ReportMetricsAsync(letter, diagnosis, cancellationToken);
            return true;
        }));

    public Task<ReplayResult> ReplayAsync(int attempt) => OnceAsync("replay", () => deeds.ReplayAsync(letter, attempt, cancellationToken));

    public Task<Verification> VerifyAsync(int attempt) => OnceAsync("verify", () => deeds.VerifyAsync(letter, attempt, () => { }, cancellationToken));

    public Task<Escalation> EscalateAsync(int look, string reason) => OnceAsync("escalate", () => deeds.EscalateAsync(letter, look, reason, cancellationToken));

    public Task EndAsync(HealingEnd end) => deeds.EndAsync(letter, end, cancellationToken);

    /// <exception cref="HealingPausedException">The time is not over.</exception>
    public async Task<HealingWord?> WaitAsync(TimeSpan wait)
    {
        var entry = NextEntry("wait");
        if (journal.Find<long>(entry) is (true, var heard))
        {
            _lastHeard = Math.Max(_lastHeard, heard);
            return journal.Words.FirstOrDefault(word => word.Id == heard).Word;
        }

        var (id, news) = journal.Words.FirstOrDefault(word => word.Id > _lastHeard);
        if (news is null && await UntilOverAsync($"{entry} until", wait) is { } left)
        {
            throw new HealingPausedException(left);
        }

        id = await journal.AddAsync(entry, id, cancellationToken);
        _lastHeard = Math.Max(_lastHeard, id);
        return journal.Words.FirstOrDefault(word => word.Id == id).Word;
    }

    /// <returns>How long it still takes; null when it is over.</returns>
    private async Task<TimeSpan?> UntilOverAsync(string entry, TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var (isThere, until) = journal.Find<DateTimeOffset>(entry);
        if (!isThere)
        {
            until = await journal.AddAsync(entry, now + wait, cancellationToken);
        }

        return until > now ? until - now : null;
    }

    private async Task<T> OnceAsync<T>(string name, Func<Task<T>> deed)
    {
        var entry = NextEntry(name);
        if (journal.Find<T>(entry) is (true, { } known))
        {
            return known;
        }

        return await journal.AddAsync(entry, await deed(), cancellationToken);
    }

    private string NextEntry(string name) => string.Create(CultureInfo.InvariantCulture, $"{++_entries:0000} {name}");
}

/// <summary>The script waits, and goes on from its journal when the time is over or somebody says something.</summary>
internal sealed class HealingPausedException(TimeSpan time) : Exception("The healing waits.")
{
    /// <summary>How long.</summary>
    public TimeSpan Time => time;
}
