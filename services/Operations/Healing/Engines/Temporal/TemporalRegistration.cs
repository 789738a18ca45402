using Temporalio.Extensions.Hosting;

namespace ResilientShop.Operations.Healing.Engines.Temporal;

/// <summary>Temporal in the service: its worker, and healings on it.</summary>
internal static class TemporalRegistration
{
    /// <summary>Activities at once, as <c>Sagas:MaxConcurrency</c> on the saga engine: an outage that is over is not begun anew by all who heal it.</summary>
    private const int MostAtOnce = 24;

    /// <summary>Heals on Temporal where one answers; the saga engine says why not where none does. Call it after <see cref="HealingRegistration.AddHealing"/>.</summary>
    public static async Task AddTemporalAsync(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        var choice = await TemporalChoice.MakeAsync(builder.Configuration);
        if (choice.Client is null)
        {
            services.AddSingleton(new EngineAbsence(choice.Problem ?? "no Temporal is given (TEMPORAL_ADDRESS or ConnectionStrings__temporal)."));
            return;
        }

        services.AddSingleton(choice);
        services.AddSingleton(choice.Client);
        services.AddSingleton<IHealingEngine, TemporalHealing>();
        services.AddHostedTemporalWorker(HealingWorkflow.TaskQueue).AddSingletonActivities<HealingActivities>().AddWorkflow<HealingWorkflow>()
            .ConfigureOptions(worker => worker.MaxConcurrentActivities = MostAtOnce);
    }
}
