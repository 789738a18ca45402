using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Releasing;

namespace ResilientShop.Payments.Canary;

/// <summary>
/// Which release of Payments this process is. The canary keeps the provider's receipt of each charge and answers its number; the stable
/// release does not know receipts yet. Both use one database, whose schema serves both. Thread-safe.
/// </summary>
internal sealed class PaymentRelease(IConfiguration configuration)
{
    /// <summary>Whether this is the canary.</summary>
    public bool IsCanary { get; } = configuration.OwnReleaseChannel() == ReleaseChannel.Canary;

    /// <summary>Whether charges have receipts: what is new in the canary.</summary>
    public bool IssuesReceipts => IsCanary;
}

/// <summary>The release's place in the service.</summary>
internal static class PaymentReleaseRegistration
{
    public static IServiceCollection AddPaymentRelease(this IServiceCollection services) => services.AddSingleton<PaymentRelease>().AddSingleton<CanaryDefect>();

    /// <summary>Lets a drill make the charges of the canary wrong. One defect holds for the process, so that it is asked for and not made anew as filters are.</summary>
    public static RouteHandlerBuilder WithCanaryDefect(this RouteHandlerBuilder charge) =>
        charge.AddEndpointFilter((context, next) => context.HttpContext.RequestServices.GetRequiredService<CanaryDefect>().InvokeAsync(context, next));

    public static void UsePaymentRelease(this WebApplication app)
    {
        if (app.Services.GetRequiredService<PaymentRelease>().IsCanary)
        {
            app.UseCanaryAnswers();
        }
    }

    /// <summary>Only the canary can be given a defect.</summary>
    public static void MapPaymentRelease(this WebApplication app)
    {
        if (app.Services.GetRequiredService<PaymentRelease>().IsCanary)
        {
            CanaryDefect.Map(app);
        }
    }
}
