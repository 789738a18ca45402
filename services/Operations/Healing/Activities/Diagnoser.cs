using System.Globalization;
using Npgsql;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>
/// Finds out what the matter is: what the letter says, the breakers of the service that failed, how far it and what it calls are degraded, which experiments were under way, and what was changed shortly before.
/// What cannot be asked is a fact too, and keeps nobody from concluding. Thread-safe.
/// </summary>
internal sealed class Diagnoser(HealingTable table, ServiceDoor door, FleetFacts fleet, RecentExperiments experiments, SuspectedChanges changes)
{
    /// <summary>How far back a change is suspected.</summary>
    private static readonly TimeSpan Recently = TimeSpan.FromMinutes(15);

    public async Task<Diagnosis> DiagnoseAsync(Guid letterId, CancellationToken cancellationToken)
    {
        var (letter, _) = await table.LetterAsync(letterId, cancellationToken);
        var facts = new List<string> { Said(letter) };
        if (letter.Traceparent?.Split('-') is [_, var trace, ..])
        {
            facts.Add($"Its trace is {trace}.");
        }

        var isSaga = letter.Source.Kind == DeadLetterSource.SagaKind;
        if (isSaga && !door.Knows(letter.ServiceName))
        {
            return Conclude(Causes.UnknownService, $"Nobody here knows a service {letter.ServiceName}: a person must see to its saga {letter.Source.SagaId}.", facts, canReplay: false);
        }

        if (!isSaga && RedrivePlan.RefusalOf(letter) is { } refusal)
        {
            return Conclude(Causes.Message, $"Its message cannot be sent again. {refusal}", facts, canReplay: false);
        }

        if (letter.ErrorCode == DeadLetterCodes.MalformedMessage)
        {
            return Conclude(Causes.Message, "Nobody can read the message, now or later; whoever sent it must send it right, or the consumer must learn to read it.", facts, canReplay: false);
        }

        try
        {
            return await ConcludeAsync(letter, isSaga, facts, cancellationToken);
        }
        catch (Exception exception) when (exception is not (NpgsqlException or OperationCanceledException))
        {
            // A try is better than a diagnosis that never comes.
            facts.Add($"More could not be found out: {exception.Message}");
            return Conclude(Causes.Passing, "Nothing that is known stands in the way.", facts, canReplay: true);
        }
    }

    private async Task<Diagnosis> ConcludeAsync(DeadLetter letter, bool isSaga, List<string> facts, CancellationToken cancellationToken)
    {
        var away = isSaga ? await LookAtBreakersAsync(letter, facts, cancellationToken) : null;
        facts.AddRange(fleet.LevelsOf(letter.ServiceName));
        var experiment = experiments.Find(letter, letter.Time - Recently, facts);
        var suspect = await changes.FindAsync(letter, letter.Time - Recently, facts, cancellationToken);

        // What was made to fail is no evidence against a change.
        if (experiment is not null)
        {
            return new Diagnosis(Causes.Experiment, experiment, facts, CanReplay: true, away is not null, RollBack: null);
        }

        if (suspect is not null)
        {
            return new Diagnosis(Causes.Change, suspect.Reason, facts, CanReplay: true, away is not null, suspect);
        }

        return away is not null
            ? new Diagnosis(Causes.Dependency, $"What {letter.ServiceName} needs is away: {away}", facts, CanReplay: true, IsAway: true, RollBack: null)
            : Conclude(Causes.Passing, "Nothing that is known stands in the way any more.", facts, canReplay: true);
    }

    private static string Said(DeadLetter letter) =>
        string.Create(CultureInfo.InvariantCulture, $"{letter.Operation} of {letter.ServiceName} failed with {letter.ErrorCode} after {letter.RetryCount} retries.");

    private static Diagnosis Conclude(string cause, string summary, IReadOnlyList<string> facts, bool canReplay) => new(cause, summary, facts, canReplay, IsAway: false, RollBack: null);

    /// <returns>Why a try would fail now; null where nothing says so.</returns>
    private async Task<string?> LookAtBreakersAsync(DeadLetter letter, List<string> facts, CancellationToken cancellationToken)
    {
        try
        {
            var pipelines = await door.ReadAsync<IReadOnlyList<PipelineState>>(letter.ServiceName, "/resilience", cancellationToken) ?? [];
            var open = pipelines.SelectMany(pipeline => pipeline.Breakers.Where(breaker => breaker.State is "Open" or "Isolated")
                .Select(breaker => $"{letter.ServiceName}'s breaker of {pipeline.Dependency} ({breaker.Channel}) is {breaker.State.ToLowerInvariant()}.")).ToList();
            facts.AddRange(open);
            if (open.Count == 0)
            {
                facts.Add($"No breaker of {letter.ServiceName} is open.");
            }

            return open.FirstOrDefault();
        }
        catch (ServiceSilentException problem)
        {
            facts.Add(problem.Message);
            return problem.Message;
        }
    }
}
