using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Engines;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Operations.Healing;

/// <summary>Dead letters of all services, and the tickets that were opened for them.</summary>
internal static class HealingEndpoints
{
    private const int MostAtOnce = 1000;
    private const int UsualMost = 100;

    private static readonly string[] Statuses = ["open", "diagnosing", "healing", "resolved", "escalated"];

    public static void MapHealing(this IEndpointRouteBuilder routes)
    {
        var letters = routes.MapGroup("/api/dead-letters").WithTags("Dead letters");
        letters.MapGet("/", ListLettersAsync).WithSummary("The newest dead letters, of a service, operation, code, key or fingerprint where one is given.");
        letters.MapGet("/{id:guid}", async Task<Results<FileContentHttpResult, ProblemHttpResult>> (Guid id, HealingReader reader, CancellationToken cancel) =>
            await reader.LetterAsync(id, cancel) is { } letter ? TypedResults.Bytes(letter, "application/json") : ProblemResults.NotFound($"There is no dead letter {id}."))
            .WithSummary("A dead letter as it came, payload included.");
        letters.MapPost("/redrive", RedriveAsync).RequireOperator().AddEndpointFilter(NotAsHealing).WithSummary("Sends the messages of dead letters again, to the group that could not handle them: in their order, at a capped rate; or says what would be sent.");
        var tickets = routes.MapGroup("/api/tickets").WithTags("Tickets");
        tickets.MapGet("/", ListTicketsAsync).WithSummary("The newest tickets, of a status where one is given.");
        tickets.MapGet("/{number:long}", async Task<Results<Ok<TicketHistory>, ProblemHttpResult>> (long number, HealingReader reader, CancellationToken cancel) =>
            await reader.TicketAsync(number, cancel) is { } ticket ? TypedResults.Ok(ticket) : ProblemResults.NotFound($"There is no ticket {number}."))
            .WithSummary("A ticket and everything that was said of it.");
        tickets.MapPost("/{number:long}/resolve", ResolveAsync).RequireOperator().AddEndpointFilter(NotAsHealing).WithSummary("Closes a ticket that a person has seen to.");
        tickets.MapPost("/{number:long}/{word}", SayAsync).RequireOperator().AddEndpointFilter(NotAsHealing).WithSummary("Says something to a ticket's healing: approve what it would roll back, retry now, or abort.");
        routes.MapGet("/api/healing", (IHealingEngine engine) => TypedResults.Ok(new HealingEngineView(engine.Name, engine.Description))).WithTags("Tickets").WithSummary("Which engine heals, and why.");
    }

    private static async Task<Results<Ok<IReadOnlyList<DeadLetterView>>, ProblemHttpResult>> ListLettersAsync(
        HealingReader reader,
        CancellationToken cancel,
        string? service = null,
        string? operation = null,
        string? code = null,
        string? key = null,
        string? fingerprint = null,
        int most = UsualMost) =>
        CheckMost(most) is { } wrong ? wrong : TypedResults.Ok(await reader.LettersAsync(new LetterFilter(service, operation, code, key, fingerprint), most, cancel));

    private static async Task<Results<Ok<IReadOnlyList<TicketView>>, ProblemHttpResult>> ListTicketsAsync(
        HealingReader reader, CancellationToken cancel, string? status = null, int most = UsualMost) =>
        CheckMost(most) is { } wrong ? wrong
        : status is not null && !Statuses.Contains(status, StringComparer.Ordinal) ? Invalid("status", $"status is '{status}'; it must be one of {string.Join(", ", Statuses)}.")
        : TypedResults.Ok(await reader.TicketsAsync(status, most, cancel));

    private static async Task<Results<Ok<RedriveView>, ProblemHttpResult>> RedriveAsync(
        RedriveRequest body, HttpContext http, RedrivePlan plan, CancellationToken cancel, string? reason = null) =>
        body.Validate(reason) is { Count: > 0 } errors
            ? ProblemResults.ValidationFailed(errors)
            : TypedResults.Ok(await plan.MakeAsync(body, reason!, http.OperatorName(), cancel));

    private static async Task<Results<Ok<TicketHistory>, ProblemHttpResult>> ResolveAsync(
        long number, HttpContext http, TicketDesk desk, HealingReader reader, CancellationToken cancel, string? reason = null)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            return NoReason();
        }

        return await desk.ResolveAsync(number, http.OperatorName(), reason, cancel) switch
        {
            TicketStanding.Waits => TypedResults.Ok((await reader.TicketAsync(number, cancel))!),
            TicketStanding.Heals => NotApplicable($"Ticket {number} is being healed. To see to it yourself: POST /api/tickets/{number}/abort?reason=..., then resolve it."),
            TicketStanding.IsSentAgain => NotApplicable($"What ticket {number} is about was sent again just now. What came of it is known within two minutes, and the ticket says so: look then."),
            TicketStanding.WasResolved => NotApplicable($"Ticket {number} is resolved already."),
            _ => ProblemResults.NotFound($"There is no ticket {number}."),
        };
    }

    private static async Task<Results<Accepted, ProblemHttpResult>> SayAsync(
        long number, string word, HttpContext http, HealingReader reader, HealingWords words, CancellationToken cancel, string? reason = null)
    {
        if (!HealingWord.IsKnown(word))
        {
            return Invalid("word", $"word is '{(word.Length > 40 ? word[..40] + "..." : word)}'; it must be approve, retry, abort or resolve.");
        }

        if (string.IsNullOrWhiteSpace(reason))
        {
            return NoReason();
        }

        if (await reader.TicketAsync(number, cancel) is not { } found)
        {
            return ProblemResults.NotFound($"There is no ticket {number}.");
        }

        try
        {
            return await words.SayAsync(number, new HealingWord(word, http.OperatorName(), reason), cancel)
                ? TypedResults.Accepted($"/api/tickets/{number}")
                : NotApplicable($"Ticket {number} has no healing that goes on. To have it tried again: POST /api/dead-letters/redrive with ids [\"{found.Ticket.LetterId}\"].");
        }
        catch (HealingEngineException problem)
        {
            return ProblemResults.Problem(StatusCodes.Status503ServiceUnavailable, "ENGINE_UNAVAILABLE", problem.Message);
        }
    }

    /// <summary>What healings sign with is theirs: what came of a redrive of theirs is looked after by them.</summary>
    private static ValueTask<object?> NotAsHealing(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.OperatorName() == HealingTable.Author
            ? new ValueTask<object?>(Invalid("X-Operator", $"X-Operator is '{HealingTable.Author}', with which healings sign; it must say which person or tool acts."))
            : next(context);

    private static ProblemHttpResult NoReason() => Invalid("reason", "reason is not there; it must say why, for the record: add ?reason=...");

    private static ProblemHttpResult NotApplicable(string detail) => ProblemResults.Problem(StatusCodes.Status409Conflict, "NOT_APPLICABLE", detail);

    private static ProblemHttpResult? CheckMost(int most) =>
        most is < 1 or > MostAtOnce ? Invalid("most", string.Create(CultureInfo.InvariantCulture, $"most is {most}; it must be from 1 to {MostAtOnce}.")) : null;

    private static ProblemHttpResult Invalid(string field, string message) => ProblemResults.ValidationFailed(new Dictionary<string, string[]> { [field] = [message] });
}
