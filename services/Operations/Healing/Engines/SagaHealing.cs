using Microsoft.Extensions.Options;
using Npgsql;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>
/// Healings as sagas in this service's database. A healing is one step after the pivot, so it only goes forwards: whoever owns it runs the script, which goes on where the journal
/// ends. Thread-safe.
/// </summary>
internal sealed class SagaHealing(SagaClient sagas, SagaOperations operations, IEnumerable<EngineAbsence> absences) : IHealingEngine
{
    private const string SagaName = "healing";

    public string Name => "saga";

    public string Description => absences.FirstOrDefault() is { } absence ? $"Healing runs on the saga engine: {absence.Reason}" : "Healing runs on the saga engine.";

    /// <summary>The saga.</summary>
    public static SagaDefinition Define(IServiceProvider services) => SagaDefinition.Named(SagaName, version: 1).Pivot(services.GetRequiredService<HealStep>());

    public async Task StartAsync(HealingInput input, HealingSubject subject, CancellationToken cancellationToken)
    {
        using var trace = HealingTrace.Continue("start healing", input.Traceparent);
        try
        {
            await sagas.StartAsync(SagaName, input.LetterId, input, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // It was started before.
        }
    }

    public async Task<bool> SayAsync(Guid letter, HealingWord word, CancellationToken cancellationToken) =>
        (await operations.RetryAsync(letter, word.By, cancellationToken)).Outcome == SagaInterventionOutcome.Done;
}

/// <summary>Heals, as far as it goes at once.</summary>
internal sealed class HealStep(NpgsqlDataSource database, HealingDeeds deeds, IOptions<HealingOptions> options, TimeProvider time) : ISagaStep
{
    public string Name => "heal";

    public RetryStrategy Retry => RetryStrategy.Exponential;

    /// <summary>Longer than a try with its verification.</summary>
    public TimeSpan Timeout => TimeSpan.FromMinutes(1);

    public async Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var journal = await HealingJournal.OpenAsync(database, saga.Id, time, cancellationToken);
        try
        {
            await new HealingScript(new SagaHealingDriver(saga.Id, deeds, journal, time, cancellationToken), options.Value.Limits).RunAsync();
            return StepOutcome.Done;
        }
        catch (HealingPausedException pause)
        {
            return StepOutcome.Wait(pause.Time, "It waits for the next try, or for a person.");
        }
    }
}
