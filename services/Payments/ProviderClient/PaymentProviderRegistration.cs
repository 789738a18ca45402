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
        foreach (var dependency in new[] { PaymentProvider.Dependency, PaymentProvider.Captures })
        {
            services.AddResilientHttpClient(dependency).ConfigureHttpClient(SetAddress);
        }

        services.AddSingleton<PaymentProvider>();
        return services;
    }

    private static void SetAddress(IServiceProvider provider, HttpClient http) =>
        http.BaseAddress = provider.GetRequiredService<IOptions<ProviderOptions>>().Value.BaseAddress ?? OwnAddress.Find(provider.GetRequiredService<IServer>());
}
