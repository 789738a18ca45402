using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Options;

namespace ResilientShop.Payments.ProviderClient;

/// <summary>Registers <see cref="PaymentProvider"/>.</summary>
internal static class PaymentProviderRegistration
{
    public static IServiceCollection AddPaymentProvider(this IServiceCollection services)
    {
        services.AddOptions<ProviderOptions>().BindConfiguration(ProviderOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddHttpClient<PaymentProvider>((provider, http) =>
        {
            http.BaseAddress = provider.GetRequiredService<IOptions<ProviderOptions>>().Value.BaseAddress
                ?? OwnAddress.Find(provider.GetRequiredService<IServer>());

            // The attempt timeout of the options rules, on a clock that tests can turn.
            http.Timeout = Timeout.InfiniteTimeSpan;
        });
        return services;
    }
}
