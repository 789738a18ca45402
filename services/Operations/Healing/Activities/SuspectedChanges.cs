using System.Globalization;
using Microsoft.Extensions.Options;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Operations.Releasing;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>
/// What was changed shortly before something failed: releases under way and policies. A change is suspected when letters of the kind came after it and none in the quarter of an
/// hour before it; one letter says nothing. Thread-safe.
/// </summary>
internal sealed class SuspectedChanges(HealingTable table, FleetFacts fleet, IServiceProvider services, IOptions<HealingOptions> options, TimeProvider time)
{
    private const int MostLooked = 20;

    /// <summary>How long there must have been no letter of the kind.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(15);

    private readonly IReleaseRecord? _releases = services.GetService<IReleaseRecord>();
    private readonly ReleaseState? _state = services.GetService<ReleaseState>();
    private readonly IPolicyStore? _policies = services.GetService<IPolicyStore>();

    /// <summary>Adds a sentence for each change, and names the one that is to be taken back; null where none is.</summary>
    public async Task<RollBackPlan?> FindAsync(DeadLetter letter, DateTimeOffset since, List<string> facts, CancellationToken cancellationToken) =>
        await FindReleaseAsync(letter, since, facts, cancellationToken) ?? await FindPolicyAsync(letter, since, facts, cancellationToken);

    private async Task<RollBackPlan?> FindReleaseAsync(DeadLetter letter, DateTimeOffset since, List<string> facts, CancellationToken cancellationToken)
    {
        if (_releases is null)
        {
            return null;
        }

        var around = fleet.AroundOf(letter.ServiceName);
        var recent = (await _releases.ListAsync(service: null, MostLooked, cancellationToken)).Where(entry => entry.At >= since && entry.At <= letter.Time && around.Contains(entry.Service)).ToList();
        facts.AddRange(recent.Where(entry => entry.Action != ReleaseEntry.Hold)
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"Release of {entry.Service}: {entry.Action}, canary at {entry.Share:P0}, {Ago(letter, entry.At)} before, by {entry.By}.")));
        foreach (var entry in recent.Where(entry => entry.Action is ReleaseEntry.Start or ReleaseEntry.Advance && _state?.Current.GetValueOrDefault(entry.Service) is { Stage: ReleaseStage.Analysing } said && said.Id == entry.ReleaseId))
        {
            if (await IsSuspectAsync(letter, entry.At, cancellationToken) is { } evidence)
            {
                return new RollBackPlan(RollBackPlan.Release, entry.Service, null, null, options.Value.NeedsApproval(RollBackPlan.Release), $"The release of {entry.Service} is suspected: {evidence}")
                {
                    ReleaseId = entry.ReleaseId,
                };
            }
        }

        return null;
    }

    private async Task<RollBackPlan?> FindPolicyAsync(DeadLetter letter, DateTimeOffset since, List<string> facts, CancellationToken cancellationToken)
    {
        if (_policies is null)
        {
            return null;
        }

        IReadOnlyList<PolicyHistoryEntry> history;
        try
        {
            history = await _policies.HistoryAsync(MostLooked, cancellationToken);
        }
        catch (PolicyStoreException problem)
        {
            facts.Add($"What was changed in the policies is not known: {problem.Message}");
            return null;
        }

        var recent = history.Where(entry => entry.At >= since && entry.At <= letter.Time).ToList();
        facts.AddRange(recent.Select(entry => string.Create(
            CultureInfo.InvariantCulture, $"Policies {string.Join(", ", entry.Scopes)} were changed {Ago(letter, entry.At!.Value)} before, by {entry.Who ?? "somebody"}, revision {entry.Revision}.")));

        // Only the last change can be taken back without taking back others too.
        if (recent is not [var last, ..] || history[0].Revision != last.Revision || history.Count < 2 || await IsSuspectAsync(letter, last.At!.Value, cancellationToken) is not { } evidence)
        {
            return null;
        }

        return new RollBackPlan(
            RollBackPlan.Policy, null, last.Revision, history[1].Revision, options.Value.NeedsApproval(RollBackPlan.Policy), $"Revision {last.Revision} of the policies is suspected: {evidence}");
    }

    /// <returns>The evidence; null where there is not enough.</returns>
    private async Task<string?> IsSuspectAsync(DeadLetter letter, DateTimeOffset change, CancellationToken cancellationToken)
    {
        var after = await table.CountAsync(letter, change, time.GetUtcNow(), cancellationToken);
        return after >= options.Value.SuspectAfterLetters && await table.CountAsync(letter, change - Before, change, cancellationToken) == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{after} letters of this kind since, none in the {Before.TotalMinutes:0} min before.")
            : null;
    }

    private static string Ago(DeadLetter letter, DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{(letter.Time - at).TotalSeconds:0} s");
}
