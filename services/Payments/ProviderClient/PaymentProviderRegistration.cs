using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Options;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Payments.ProviderClient;

/// <summary>Registers <see cref="PaymentProvider"/>.</summary>
internal static class PaymentProviderRegistration
{
    public static IServiceCollection AddPaymentProvider(this IServiceCollection services)
    {
        services.AddOptions<ProviderOptions>().BindConfiguration(ProviderOptions.Section);
        services.AddResilientHttpClient<PaymentProvider>(
            PaymentProvider.Dependency,
            (provider, http) => http.BaseAddress = provider.GetRequiredService<IOptions<ProviderOptions>>().Value.BaseAddress
                ?? OwnAddress.Find(provider.GetRequiredService<IServer>()));
        return services;
    }
}
