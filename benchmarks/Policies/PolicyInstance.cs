using System.Diagnostics;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Etcd;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Benchmarks.Policies;

/// <summary>
/// A process that follows policies as a service does: <c>policy-instance STORE NAME</c>. It writes a line for each revision that is in force, and ends with its
/// standard input.
/// </summary>
internal static class PolicyInstance
{
    public const string Command = "policy-instance";
    private static readonly string[] Called = ["orders", "inventory", "payments", "payment-provider", "operations"];

    public static async Task<int> RunAsync(string store, string name)
    {
        var registry = NewRegistry();
        await using var followed = Open(store);
        using var stopping = new CancellationTokenSource();
        using var policies = new HotPolicies(followed, registry, new StoredPolicies(0, []), new HotPoliciesOptions
        {
            Service = name,
            Instance = "1",
            Applied = stored => Console.Out.WriteLine(stored.Digest),
        });
        var following = policies.RunAsync(stopping.Token);
        await Console.In.ReadToEndAsync();
        await stopping.CancelAsync();
        await following;
        return 0;
    }

    /// <summary>Starts one; its lines are digests.</summary>
    public static Process Start(string store, int number) => SelfProcess.Start(Command, store, $"service-{number}");

    public static DependencyRegistry NewRegistry()
    {
        var registry = new DependencyRegistry((document, dependency, _) => document.PolicyOf("gateway", dependency), PolicyDocument.Empty);
        foreach (var name in Called)
        {
            registry.Get(name);
        }

        return registry;
    }

    public static IPolicyStore Open(string store) =>
        store.StartsWith("http", StringComparison.Ordinal) ? new EtcdPolicyStore(new EtcdPolicyOptions { Endpoints = store }) : new DirectoryPolicyStore(store);
}
