using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.Healing;

/// <summary>What becomes of dead letters.</summary>
internal static class HealingRegistration
{
    public static IServiceCollection AddHealing(this IServiceCollection services)
    {
        services.AddOptions<HealingOptions>().BindConfiguration(HealingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<HealingReader>();
        services.AddSingleton<RedrivePlan>();
        services.AddHostedService<RedriveWorker>();
        services.AddKafkaConsumer<ArrivedLetter, DeadLetterHandler>(consumer => (consumer.Topic, consumer.GroupId) = (DeadLetter.Topic, "healing"));
        return services;
    }
}
