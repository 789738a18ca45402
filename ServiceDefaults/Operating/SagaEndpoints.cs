using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>
/// <c>GET /sagas?filter=overdue</c>: sagas that have not ended, with what remains to do; <c>GET /sagas/{id}</c>: one with its history.
/// <c>POST /sagas/{id}/retry</c>, <c>/skip?reason=...</c> and <c>/compensate?reason=...[&amp;onlyIf=held]</c> are for operators (<see cref="OperatorKey"/>), whichever instance they
/// ask. Only in services that have sagas.
/// </summary>
internal static class SagaEndpoints
{
    private const int Most = 500;

    public static void MapSagas(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(SagaOperations)))
        {
            return;
        }

        var sagas = routes.MapGroup("/sagas").ExcludeFromDescription();
        sagas.MapGet("/", ListAsync);
        sagas.MapGet("/{id}", FindAsync);
        var one = sagas.MapGroup("/{id}").RequireOperator();
        one.MapPost("/retry", (string id, HttpContext http, SagaOperations operations, CancellationToken cancel, bool onlyWaiting = false) =>
            ActAsync(id, operations, saga => operations.RetryAsync(saga, http.OperatorName(), onlyWaiting, cancel), cancel));
        one.MapPost("/skip", (string id, string? reason, HttpContext http, SagaOperations operations, CancellationToken cancel) =>
            ActForReasonAsync(id, reason, operations, (saga, why) => operations.SkipAsync(saga, http.OperatorName(), why, cancel), cancel));
        one.MapPost("/compensate", (string id, string? reason, HttpContext http, SagaOperations operations, CancellationToken cancel, string? onlyIf = null) =>
            CompensateAsync(id, reason, onlyIf, http, operations, cancel));
    }

    private static async Task<IResult> ListAsync(SagaOperations operations, CancellationToken cancel, string filter = "overdue", int limit = 50)
    {
        if (!Enum.TryParse<SagaFilter>(filter, ignoreCase: true, out var wanted) || !Enum.IsDefined(wanted) || char.IsAsciiDigit(filter[0]))
        {
            return Invalid("filter", $"filter is '{filter}'; it must be {string.Join(", ", Enum.GetNames<SagaFilter>()).ToLowerInvariant()}.");
        }

        return limit is < 1 or > Most
            ? Invalid("limit", $"limit is {limit}; it must be from 1 to {Most}.")
            : TypedResults.Ok(await operations.ListAsync(wanted, limit, cancel));
    }

    private static async Task<IResult> FindAsync(string id, SagaOperations operations, CancellationToken cancel) =>
        Guid.TryParse(id, out var saga) && await operations.FindAsync(saga, cancel) is { } view ? TypedResults.Ok(view) : NotFound(id);

    private static Task<IResult> CompensateAsync(string id, string? reason, string? onlyIf, HttpContext http, SagaOperations operations, CancellationToken cancel)
    {
        SagaStatus? expected = null;
        if (onlyIf is not null)
        {
            if (!Enum.TryParse<SagaStatus>(onlyIf, ignoreCase: true, out var status) || !Enum.IsDefined(status) || char.IsAsciiDigit(onlyIf[0]))
            {
                return Task.FromResult<IResult>(Invalid("onlyIf", $"onlyIf is '{onlyIf}'; it must be {string.Join(", ", Enum.GetNames<SagaStatus>()).ToLowerInvariant()}."));
            }

            expected = status;
        }

        return ActForReasonAsync(id, reason, operations, (saga, why) => operations.ForceCompensateAsync(saga, http.OperatorName(), why, expected, cancel), cancel);
    }

    private static Task<IResult> ActForReasonAsync(
        string id, string? reason, SagaOperations operations, Func<Guid, string, Task<SagaIntervention>> act, CancellationToken cancel) =>
        string.IsNullOrWhiteSpace(reason)
            ? Task.FromResult<IResult>(Invalid("reason", "reason is not there; it must say why, for the saga's history."))
            : ActAsync(id, operations, saga => act(saga, reason), cancel);

    private static async Task<IResult> ActAsync(string id, SagaOperations operations, Func<Guid, Task<SagaIntervention>> act, CancellationToken cancel)
    {
        if (!Guid.TryParse(id, out var saga))
        {
            return NotFound(id);
        }

        var result = await act(saga);
        return result.Outcome switch
        {
            SagaInterventionOutcome.Done => TypedResults.Ok(await operations.FindAsync(saga, cancel)),
            SagaInterventionOutcome.NotFound => NotFound(id),
            SagaInterventionOutcome.Parked => ProblemResults.Problem(StatusCodes.Status409Conflict, "SAGA_PARKED", result.Detail),
            _ => ProblemResults.Problem(StatusCodes.Status409Conflict, "NOT_APPLICABLE", result.Detail),
        };
    }

    private static ProblemHttpResult NotFound(string id) => ProblemResults.NotFound($"There is no saga {(id.Length > 64 ? id[..64] + "..." : id)}.");

    private static ProblemHttpResult Invalid(string field, string sentence) => ProblemResults.ValidationFailed(new Dictionary<string, string[]> { [field] = [sentence] });
}
