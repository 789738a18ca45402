using System.Text;

namespace Resilience.Tests.Policies.Reloading;

/// <summary>A process that follows policies in a folder of its own.</summary>
internal sealed class PolicyWorld : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping;
    private Task _running = Task.CompletedTask;

    public PolicyWorld(CancellationToken cancel)
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Folder = Path.Combine(Path.GetTempPath(), "shop-tests-policies-" + Path.GetRandomFileName());
        Directory.CreateDirectory(Folder);
        Store = new DirectoryPolicyStore(Folder);
        Registry = new DependencyRegistry((document, name, _) => document.PolicyOf("shop", name), PolicyDocument.Empty);
    }

    public string Folder { get; }

    public DirectoryPolicyStore Store { get; }

    public DependencyRegistry Registry { get; }

    public HotPolicies Policies { get; private set; } = null!;

    public double TotalMs => Registry.Get("stock").Policy.Total.TotalMilliseconds;

    public Acknowledgement Told => Policies.Status.Acknowledgement;

    public void Start(StoredPolicies? started = null, bool seeds = false, Action<PolicyDocument>? check = null, IReadOnlyCollection<string>? clients = null)
    {
        Policies = new HotPolicies(Store, Registry, started ?? new StoredPolicies(0, []), new HotPoliciesOptions
        {
            Service = "shop",
            Instance = "1",
            Pinned = ["Resilience:defaults:reserve_ms"],
            SeedsEmptyStore = seeds,
            Check = check,
            Clients = clients ?? [],
        });
        _running = Policies.RunAsync(_stopping.Token);
    }

    /// <summary>As an editor that writes in place.</summary>
    public void Save(string yaml, string file = "resilience.yaml") => File.WriteAllText(Path.Combine(Folder, file), yaml);

    /// <summary>As a program that replaces a file.</summary>
    public void Replace(string yaml, string file = "resilience.yaml")
    {
        var fresh = Path.Combine(Folder, file + ".tmp");
        File.WriteAllText(fresh, yaml);
        File.Move(fresh, Path.Combine(Folder, file), overwrite: true);
    }

    public static async Task UntilAsync(Func<bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    public static StoredPolicies Stored(long revision, string yaml) =>
        new(revision, [new PolicySource(PolicyScope.Whole, "started with", Encoding.UTF8.GetBytes(yaml))]);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        Policies?.Dispose();
        await Store.DisposeAsync();
        _stopping.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
