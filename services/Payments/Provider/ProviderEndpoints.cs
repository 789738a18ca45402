using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using ResilientShop.Resilience;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Provider;

/// <summary>
/// A payment provider with moods, standing in for another company's API. It is reached over HTTP only, keeps its own books and shares
/// nothing with Payments but the process, so everything that goes wrong between two companies can go wrong here.
/// </summary>
internal static class ProviderEndpoints
{
    private const double WorkOfCharge = 1;
    private const double WorkOfAuthorization = 0.1;

    public static IServiceCollection AddProviderSimulation(this IServiceCollection services)
    {
        services.AddOptions<SimulationOptions>().BindConfiguration(SimulationOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ChargeBook>();
        services.AddSingleton<ProviderTemper>();
        services.AddSingleton<ProviderWeather>();
        return services;
    }

    public static void MapProviderSimulation(this IEndpointRouteBuilder routes)
    {
        var provider = routes.MapGroup("/provider/charges").ExcludeFromDescription();
        provider.MapPost("/", ChargeAsync);
        provider.MapPost("/{key}/void", VoidAsync);
        var authorizations = routes.MapGroup("/provider/authorizations").ExcludeFromDescription();
        authorizations.MapPost("/", AuthorizeAsync);
        authorizations.MapPost("/{key}/capture", CaptureAsync);
        ProviderWeather.Map(routes);
    }

    private static async Task<IResult> ChargeAsync(
        [FromHeader(Name = ResilienceHeaders.IdempotencyKey)] string key,
        ProviderChargeRequest request,
        ChargeBook book,
        ProviderTemper temper,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        if (Mood.Of(request.Token) is not { } mood)
        {
            return ProblemResults.Problem(StatusCodes.Status400BadRequest, ProviderErrors.UnknownToken, "There is no such token.");
        }

        if (!await temper.LingerAsync(mood, cancellationToken))
        {
            context.Abort();
            return TypedResults.Empty;
        }

        if (temper.Fails(key))
        {
            return Broken();
        }

        var (charge, asked) = await book.AskAsync(key, request, mood, cancellationToken);
        if (mood.LosesFirstAnswer && asked == 1)
        {
            context.Abort();
            return TypedResults.Empty;
        }

        return charge.Status == ProviderCharge.Open ? Refuse(mood, context.Response) : Answer(charge);
    }

    /// <summary>Holds the money and settles nothing, so it is quick, and no mood but a declined card concerns it.</summary>
    private static async Task<IResult> AuthorizeAsync(
        [FromHeader(Name = ResilienceHeaders.IdempotencyKey)] string key,
        ProviderChargeRequest request,
        ChargeBook book,
        ProviderTemper temper,
        CancellationToken cancellationToken)
    {
        if (Mood.Of(request.Token) is not { } mood)
        {
            return ProblemResults.Problem(StatusCodes.Status400BadRequest, ProviderErrors.UnknownToken, "There is no such token.");
        }

        await temper.LingerAsync(WorkOfAuthorization, cancellationToken);
        return temper.Fails(key) ? Broken() : Answer(await book.AuthorizeAsync(key, request, mood, cancellationToken));
    }

    private static async Task<IResult> CaptureAsync(string key, ChargeBook book, ProviderTemper temper, CancellationToken cancellationToken)
    {
        await temper.LingerAsync(WorkOfCharge, cancellationToken);
        if (temper.Fails(key))
        {
            return Broken();
        }

        return await book.CaptureAsync(key, cancellationToken) is { Status: not ProviderCharge.Open } charge
            ? Answer(charge)
            : ProblemResults.Problem(StatusCodes.Status404NotFound, ProviderErrors.NotAuthorized, "Nothing is authorized under this key.");
    }

    private static async Task<IResult> VoidAsync(string key, ChargeBook book, ProviderTemper temper, CancellationToken cancellationToken)
    {
        await temper.LingerAsync(WorkOfAuthorization, cancellationToken);
        return temper.Fails() ? Broken() : TypedResults.Ok(await book.VoidAsync(key, cancellationToken));
    }

    private static IResult Answer(ProviderCharge charge) => charge.Status switch
    {
        ProviderCharge.Declined => ProblemResults.Problem(StatusCodes.Status402PaymentRequired, ProviderErrors.Declined, "The card was declined."),
        ProviderCharge.Voided => TypedResults.Conflict(charge),
        _ => TypedResults.Ok(charge),
    };

    /// <summary>As a server answers that has lost its way: nothing that a caller could switch on.</summary>
    private static StatusCodeHttpResult Broken() => TypedResults.StatusCode(StatusCodes.Status500InternalServerError);

    private static ProblemHttpResult Refuse(Mood mood, HttpResponse response)
    {
        if (mood.RefusalStatus == StatusCodes.Status429TooManyRequests)
        {
            response.Headers.RetryAfter = "1";
            return ProblemResults.Problem(mood.RefusalStatus, ProviderErrors.RateLimited, "Too many requests.");
        }

        return ProblemResults.Problem(mood.RefusalStatus, ProviderErrors.Busy, "Try again.");
    }
}
