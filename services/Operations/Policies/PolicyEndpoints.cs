using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Policies;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Operations.Policies;

/// <summary>
/// Policies for operators: look, change, compare, go back, and see which instance runs what. Every request needs the operator's key, and every change leaves who, when
/// and why. Texts are YAML; errors name place, key, value and what would be right.
/// </summary>
internal static class PolicyEndpoints
{
    private const int MostHistory = 1000;

    /// <summary>Nothing where this process follows no store.</summary>
    public static void MapPolicies(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(IPolicyStore)))
        {
            return;
        }

        var api = routes.MapGroup("/api/policies").WithTags("Policies").RequireOperator().AddEndpointFilter(StoreProblems.FilterAsync);
        api.MapGet("/", async (IPolicyStore store, CancellationToken cancel) => TypedResults.Ok(PoliciesView.Of(await store.ReadAsync(cancel))))
            .WithSummary("The texts in the store.");
        api.MapGet("/revisions", HistoryAsync).WithSummary("The states that the store still has, latest first.");
        api.MapGet("/revisions/{revision:long}", async (long revision, IPolicyStore store, CancellationToken cancel) =>
            TypedResults.Ok(PoliciesView.Of(await store.ReadAsync(revision, cancel)))).WithSummary("The texts of an earlier revision.");
        api.MapGet("/diff", DiffAsync).WithSummary("The texts that differ between two revisions; without 'to' it is the present one.");
        api.MapGet("/instances", async (IPolicyStore store, CancellationToken cancel) =>
            TypedResults.Ok(InstancesView.Of(await store.ReadAsync(cancel), await store.AcknowledgementsAsync(cancel)))).WithSummary("Which instance runs what, or why it refused it.");
        api.MapPut("/scopes/{**scope}", PutAsync).WithSummary("Gives a scope a new text.");
        api.MapDelete("/scopes/{**scope}", DeleteAsync).WithSummary("Deletes a scope; what is more general holds then.");
        api.MapPost("/revisions/{revision:long}/restore", RestoreAsync).WithSummary("Makes everything what it was at a revision.");
        api.MapPost("/lint", LintAsync).WithSummary("Checks a whole document; nothing is written.");
    }

    private static async Task<IResult> HistoryAsync(IPolicyStore store, CancellationToken cancel, int limit = 50) => limit is < 1 or > MostHistory
        ? Invalid("limit", $"limit is {limit}; it must be from 1 to {MostHistory}.")
        : TypedResults.Ok(await store.HistoryAsync(limit, cancel));

    private static async Task<IResult> DiffAsync(IPolicyStore store, CancellationToken cancel, long? from = null, long? to = null)
    {
        if (from is null)
        {
            return Invalid("from", "from is not there; it must be the revision to compare with.");
        }

        var before = await store.ReadAsync(from.Value, cancel);
        var after = to is null ? await store.ReadAsync(cancel) : await store.ReadAsync(to.Value, cancel);
        return TypedResults.Ok(DiffView.Of(before, after));
    }

    private static async Task<IResult> PutAsync(
        string scope, HttpRequest request, IPolicyStore store, CancellationToken cancel, string? reason = null, long? from = null, bool dryRun = false) =>
        await ReadBodyAsync(request, cancel) is { } text
            ? await ChangeAsync(scope, text, request.HttpContext, store, reason, from, dryRun, cancel)
            : TooLarge();

    private static Task<IResult> DeleteAsync(
        string scope, HttpContext http, IPolicyStore store, CancellationToken cancel, string? reason = null, long? from = null, bool dryRun = false) =>
        ChangeAsync(scope, text: null, http, store, reason, from, dryRun, cancel);

    private static async Task<IResult> ChangeAsync(
        string scope, ReadOnlyMemory<byte>? text, HttpContext http, IPolicyStore store, string? reason, long? from, bool dryRun, CancellationToken cancel)
    {
        if (!PolicyScope.IsValid(scope))
        {
            return Invalid("scope", $"scope is '{scope}'; it must be resilience, defaults, tiers, topology, degradation, release, dependencies/NAME, services/NAME or routes/NAME.");
        }

        if (string.IsNullOrWhiteSpace(reason))
        {
            return ReasonIsMissing();
        }

        var change = new PolicyChange(new Dictionary<string, ReadOnlyMemory<byte>?> { [scope] = text }, http.OperatorName(), reason) { From = from };
        var editor = new PolicyEditor(store);
        return Answer(dryRun ? await editor.CheckAsync(change, cancel) : await editor.ApplyAsync(change, cancel));
    }

    private static async Task<IResult> RestoreAsync(
        long revision, HttpContext http, IPolicyStore store, CancellationToken cancel, string? reason = null, long? from = null, bool dryRun = false)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            return ReasonIsMissing();
        }

        var restore = new PolicyRestore(revision, http.OperatorName(), reason) { From = from };
        var editor = new PolicyEditor(store);
        return Answer(dryRun ? await editor.CheckAsync(restore, cancel) : await editor.ApplyAsync(restore, cancel));
    }

    private static async Task<IResult> LintAsync(HttpRequest request, CancellationToken cancel)
    {
        if (await ReadBodyAsync(request, cancel) is not { } text)
        {
            return TooLarge();
        }

        try
        {
            return TypedResults.Ok(PolicyLinter.Lint(PolicyDocument.Load([new PolicySource(PolicyScope.Whole, "body", text)])));
        }
        catch (PolicyInvalidException invalid)
        {
            return Refused(invalid.Errors, []);
        }
    }

    private static IResult Answer(PolicyEdit edit) => edit.IsRefused
        ? Refused(edit.Errors, edit.Brought)
        : TypedResults.Ok(new ChangeView(edit.After.Revision, edit.After.Digest, edit.IsWritten, [.. edit.Change.Scopes.Keys.Order(StringComparer.Ordinal)], edit.Findings));

    private static ProblemHttpResult Refused(IReadOnlyList<PolicyError> errors, IReadOnlyList<PolicyFinding> findings) => ProblemResults.Problem(
        StatusCodes.Status422UnprocessableEntity,
        "POLICIES_REFUSED",
        "Nothing was changed: " + string.Join(' ', errors.Select(error => error.ToString()).Concat(findings.Select(finding => finding.ToString())).Take(5)),
        new("errors", errors),
        new("findings", findings));

    /// <summary>Null when it is larger than a scope may be.</summary>
    private static async Task<byte[]?> ReadBodyAsync(HttpRequest request, CancellationToken cancel)
    {
        var buffer = new byte[PolicySource.MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        return length > PolicySource.MaxBytes ? null : buffer[..length];
    }

    private static ProblemHttpResult TooLarge() => ProblemResults.Problem(
        StatusCodes.Status413PayloadTooLarge, "PAYLOAD_TOO_LARGE", string.Create(CultureInfo.InvariantCulture, $"A text of policies has at most {PolicySource.MaxBytes} bytes."));

    private static ProblemHttpResult ReasonIsMissing() => Invalid("reason", "reason is not there; it must say why, for the audit: add ?reason=...");

    private static ProblemHttpResult Invalid(string field, string message) => ProblemResults.ValidationFailed(new Dictionary<string, string[]> { [field] = [message] });
}
