using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Engines;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Healing;

/// <summary>What becomes of dead letters.</summary>
internal static class HealingRegistration
{
    /// <summary>Heals on the saga engine, unless another engine is added after it.</summary>
    public static void AddHealing(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<HealingOptions>().BindConfiguration(HealingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<HealingReader>();
        services.AddSingleton<TicketDesk>();
        services.AddSingleton<RedrivePlan>();
        services.AddHostedService<RedriveWorker>();
        services.AddHostedService<RedriveFollower>();
        services.AddHostedService<LetterSweep>();
        services.AddKafkaConsumer<ArrivedLetter, DeadLetterHandler>(consumer => (consumer.Topic, consumer.GroupId) = (DeadLetter.Topic, "healing"));
        services.AddActivities(builder.Configuration);
        services.AddEngine();
    }

    private static void AddActivities(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<HealingTable>();
        services.AddSingleton<ServiceDoor>();
        services.AddSingleton<FleetFacts>();
        services.AddSingleton<SuspectedChanges>();
        services.AddSingleton<RecentExperiments>();
        services.AddHostedService(provider => provider.GetRequiredService<RecentExperiments>());
        services.AddSingleton<Diagnoser>();
        services.AddSingleton<RollBacks>();
        services.AddSingleton<HealingAlert>();
        services.AddSingleton<Replayer>();
        services.AddSingleton<OrderBooks>();
        services.AddSingleton<Verifier>();
        services.AddSingleton<HealingDeeds>();
        services.AddResilientHttpClient(HealingAlert.Client);
        foreach (var service in ServiceDoor.NamesIn(configuration))
        {
            services.AddResilientHttpClient(ServiceDoor.ClientOf(service), client => client.BaseAddress = new Uri($"https+http://{service}"));
        }
    }

    /// <summary>The saga engine is always there: it ends what it began, also after a start that found another.</summary>
    private static void AddEngine(this IServiceCollection services)
    {
        services.AddSingleton<HealStep>();
        services.AddSingleton<HealingWords>();
        services.AddSaga(SagaHealing.Define);
        services.AddHostedService<HealingStarter>();

        // The last one is the one that starts; words go to whichever has begun a healing.
        services.AddSingleton<IHealingEngine, SagaHealing>();
    }
}
