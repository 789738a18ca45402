namespace ResilientShop.Resilience.Http;

/// <summary>Where the canaries are, by dependency. Filled while the host is built.</summary>
internal sealed class CanaryAddresses
{
    private readonly Dictionary<string, Func<Uri, Uri>> _byDependency = new(StringComparer.Ordinal);

    public IEnumerable<string> Dependencies => _byDependency.Keys;

    public void Add(string dependency, Func<Uri, Uri> canaryOf) => _byDependency[dependency] = canaryOf;

    public Func<Uri, Uri>? Find(string dependency) => _byDependency.GetValueOrDefault(dependency);

    /// <summary>Lets the calls of a client find the canary, if its dependency has one.</summary>
    public static CanaryHandler? HandlerFor(IServiceProvider services, Dependency dependency)
    {
        if (services.GetService(typeof(CanaryAddresses)) is not CanaryAddresses addresses || addresses.Find(dependency.Name) is not { } canaryOf)
        {
            return null;
        }

        dependency.Release.HasCanary = true;
        return new CanaryHandler(dependency, canaryOf);
    }
}
