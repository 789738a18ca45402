using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Registers hot policies.</summary>
public static class HotPolicyServiceCollectionExtensions
{
    /// <summary>
    /// Starts with the policies of <see cref="HotPolicyOptions.Folder"/> and follows <see cref="HotPolicyOptions.Store"/>: a change is in force for the calls that
    /// start after it. Registers <see cref="HotPolicies"/> and <see cref="IPolicyStore"/> where there is a store. Call it once.
    /// </summary>
    public static IServiceCollection AddHotPolicies(this IServiceCollection services, Action<HotPolicyOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<HotPolicyOptions>().Configure(configure);
        services.AddSingleton(provider => FirstPolicies.Load(
            provider.GetRequiredService<IOptions<HotPolicyOptions>>().Value, provider.GetRequiredService<ILogger<HotPolicies>>()));

        var options = new HotPolicyOptions();
        configure(options);
        services.AddResilience(resilience => resilience.Service = options.Service);
        if (options.Store is not null)
        {
            services.AddSingleton(options.Store);
            services.AddSingleton(Follow);
            services.AddSingleton<IHostedService, HotPolicyService>();
        }

        return services;
    }

    private static HotPolicies Follow(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<HotPolicyOptions>>().Value;
        var first = provider.GetRequiredService<FirstPolicies>();
        var book = provider.GetRequiredService<PolicyBook>();
        var logger = provider.GetRequiredService<ILogger<HotPolicies>>();
        var following = new HotPoliciesOptions
        {
            Service = options.Service,
            Instance = options.Instance,
            Origin = first.Origin,
            Pinned = book.Pinned,
            Clients = provider.GetRequiredService<IOptions<ResilienceOptions>>().Value.Known,
            SeedsEmptyStore = options.SeedsEmptyStore,
            Check = document => Check(document, book, provider.GetServices<IPolicyRequirement>()),
            Applied = options.CacheFile is { } file ? stored => LastGood.Keep(new PolicyCache(file), stored, logger) : null,
        };
        return new HotPolicies(
            provider.GetRequiredService<IPolicyStore>(),
            provider.GetRequiredService<DependencyRegistry>(),
            first.Stored,
            following,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IMeterFactory>(),
            logger);
    }

    private static void Check(PolicyDocument document, PolicyBook book, IEnumerable<IPolicyRequirement> requirements)
    {
        book.Check(document);
        foreach (var requirement in requirements)
        {
            requirement.Check(document);
        }
    }
}
