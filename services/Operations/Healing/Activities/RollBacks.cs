using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Operations.Releasing;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>Takes back what a diagnosis suspects: a release under way, or the last change of the policies. Repeating it changes nothing. Thread-safe.</summary>
internal sealed class RollBacks(IServiceProvider services)
{
    /// <summary>Takes it back, where that is allowed and still possible.</summary>
    /// <returns>What was done, or why nothing was.</returns>
    public async Task<string> DoAsync(RollBackPlan? plan, string? approvedBy, CancellationToken cancellationToken)
    {
        if (plan is null)
        {
            return "Nothing to roll back.";
        }

        if (plan.NeedsApproval && approvedBy is null)
        {
            return $"{plan.Reason} Nothing was rolled back: a person must approve first.";
        }

        var reason = approvedBy is null ? plan.Reason : $"{plan.Reason} Approved by {approvedBy}.";
        try
        {
            return plan.Kind == RollBackPlan.Release ? await ReleaseAsync(plan.Service!, plan.ReleaseId, reason, cancellationToken) : await PolicyAsync(plan, reason, cancellationToken);
        }
        catch (PolicyStoreException problem)
        {
            return $"{plan.Reason} It could not be rolled back: {problem.Message}";
        }
    }

    private async Task<string> ReleaseAsync(string service, string? release, string reason, CancellationToken cancellationToken)
    {
        return release is not null && services.GetService<ReleaseRuns>() is { } runs && await runs.EndAsync(service, release, ReleaseAction.RollBack, reason, HealingTable.Author, cancellationToken)
            ? $"The release of {service} was rolled back. {reason}"
            : $"The release of {service} has ended by itself; nothing to roll back.";
    }

    private async Task<string> PolicyAsync(RollBackPlan plan, string reason, CancellationToken cancellationToken)
    {
        if (services.GetService<IPolicyStore>() is not { } store)
        {
            return "There is no store of policies; nothing to roll back.";
        }

        var edit = await new PolicyEditor(store).ApplyAsync(new PolicyRestore(plan.Before!.Value, HealingTable.Author, reason) { From = plan.Revision }, cancellationToken);
        return edit.IsRefused
            ? $"The policies of revision {plan.Before} were refused: {string.Join(' ', edit.Errors)}"
            : $"The policies are those of revision {plan.Before} again. {reason}";
    }
}
