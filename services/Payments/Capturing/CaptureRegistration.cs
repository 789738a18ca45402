namespace ResilientShop.Payments.Capturing;

/// <summary>Registers what captures later.</summary>
internal static class CaptureRegistration
{
    public static IServiceCollection AddCaptureLater(this IServiceCollection services)
    {
        services.AddOptions<CaptureOptions>().BindConfiguration("Capture").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<CaptureSignal>();
        services.AddHostedService<CaptureLater>();
        return services;
    }
}
