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
    public static IServiceCollection AddProviderSimulation(this IServiceCollection services)
    {
        services.AddOptions<SimulationOptions>().BindConfiguration(SimulationOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ChargeBook>();
        services.AddSingleton<ProviderTemper>();
        return services;
    }

    public static void MapProviderSimulation(this IEndpointRouteBuilder routes)
    {
        var provider = routes.MapGroup("/provider/charges").ExcludeFromDescription();
        provider.MapPost("/", ChargeAsync);
        provider.MapPost("/{key}/void", async (string key, ChargeBook book, CancellationToken cancellationToken) =>
            TypedResults.Ok(await book.VoidAsync(key, cancellationToken)));
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

        var (charge, asked) = await book.AskAsync(key, request, mood, cancellationToken);
        if (mood.LosesFirstAnswer && asked == 1)
        {
            context.Abort();
            return TypedResults.Empty;
        }

        return charge.Status switch
        {
            ProviderCharge.Open => Refuse(mood, context.Response),
            ProviderCharge.Declined => ProblemResults.Problem(StatusCodes.Status402PaymentRequired, ProviderErrors.Declined, "The card was declined."),
            ProviderCharge.Voided => TypedResults.Conflict(charge),
            _ => TypedResults.Ok(charge),
        };
    }

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
