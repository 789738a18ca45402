using System.Collections.Frozen;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// The policies of a whole system, read and checked: <c>defaults</c>, numbers of the <c>tiers</c>, what holds for a dependency whoever calls it, what holds for
/// one calling service, what the routes promise, when a service degrades, and how its canary is released. More special parts inherit from more general ones, key by key. Immutable, thread-safe.
/// </summary>
public sealed class PolicyDocument
{
    /// <summary>A document that says nothing: the library's defaults hold.</summary>
    public static readonly PolicyDocument Empty = new(PolicyNode.OfSection("", []));

    private const string GatewayName = "gateway";

    private static readonly string[] Parts = ["defaults", "tiers", "dependencies", "services", "routes", "topology", "degradation", "release"];

    private readonly PolicyNode _root;

    private PolicyDocument(PolicyNode root)
    {
        _root = root;
        Routes = FrozenDictionary<string, RoutePolicy>.Empty;
        Topology = FrozenDictionary<string, ServiceTopology>.Empty;
    }

    /// <summary>What the routes promise, by name.</summary>
    public IReadOnlyDictionary<string, RoutePolicy> Routes { get; private init; }

    /// <summary>Who calls whom, by service.</summary>
    public IReadOnlyDictionary<string, ServiceTopology> Topology { get; private init; }

    /// <summary>Services with policies or a place in the topology.</summary>
    public IEnumerable<string> Services => Keys(Section("services")).Union(Topology.Keys);

    /// <summary>Dependencies that are named anywhere.</summary>
    public IEnumerable<string> Dependencies => Keys(Section("dependencies"))
        .Union(Keys(Section("services")).SelectMany(service => Keys(ServiceSection(service)?.Child("dependencies"))))
        .Union(Topology.Values.SelectMany(service => service.AllCalls));

    /// <summary>Reads a document from its scopes: the whole one first, the others laid over it.</summary>
    /// <exception cref="PolicyInvalidException">Something is wrong; all of it is named, with place, key, value and what would be right.</exception>
    public static PolicyDocument Load(IEnumerable<PolicySource> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var errors = new PolicyErrors();
        var root = PolicyNode.OfSection("", []);
        foreach (var source in sources.OrderBy(source => source.Scope == PolicyScope.Whole ? 0 : 1).ThenBy(source => source.Scope, StringComparer.Ordinal))
        {
            if (ReadScope(source, errors) is { } node)
            {
                root = root.Overlay(node);
            }
        }

        var document = errors.Found.Count == 0 ? Read(root, errors) : Empty;
        return errors.Found.Count == 0 ? document : throw new PolicyInvalidException([.. errors.Found.Distinct()]);
    }

    /// <summary>What governs the calls of <paramref name="service"/> to <paramref name="dependency"/>.</summary>
    /// <param name="service">The caller; null for any.</param>
    /// <param name="dependency">What is called.</param>
    public DependencyPolicy PolicyOf(string? service, string dependency) => LayersOf(service, dependency, new PolicyErrors()).Policy;

    /// <summary>When <paramref name="service"/> degrades, and how it comes back.</summary>
    /// <param name="service">The service; null for any.</param>
    public DegradationPolicy DegradationOf(string? service) => new ServiceLayers<DegradationPolicy>(this, service, ServiceParts.Degradation).Read(new PolicyErrors());

    /// <summary>How the canary of <paramref name="service"/> is released.</summary>
    /// <param name="service">The service; null for any.</param>
    public ReleasePolicy ReleaseOf(string? service) => new ServiceLayers<ReleasePolicy>(this, service, ServiceParts.Release).Read(new PolicyErrors());

    /// <summary>Who calls the targets of the routes: the service of that name, or else the first that calls one of them and is called by nobody; null when nobody says.</summary>
    internal string? Gateway
    {
        get
        {
            if (Services.Contains(GatewayName))
            {
                return GatewayName;
            }

            var called = Topology.Values.SelectMany(service => service.AllCalls).ToHashSet(StringComparer.Ordinal);
            var targets = Routes.Values.Select(route => route.To).ToHashSet(StringComparer.Ordinal);
            return Topology.Values.Where(service => !called.Contains(service.Name) && service.Calls.Any(targets.Contains)).Select(service => service.Name).Min(StringComparer.Ordinal);
        }
    }

    internal PolicyNode? Section(string key) => _root.Child(key);

    internal PolicyNode? ServiceSection(string? service) => service is null ? null : Section("services")?.Child(service);

    internal PolicyLayers LayersOf(string? service, string dependency, PolicyErrors errors)
    {
        var layers = new PolicyLayers(errors);
        AddDefaults(layers, service);
        AddDependency(layers, service, dependency);
        return layers;
    }

    internal void AddDefaults(PolicyLayers layers, string? service)
    {
        layers.Tiers(Section("tiers"));
        layers.Section(Section("defaults"));
        layers.Section(ServiceSection(service)?.Child("defaults"));
    }

    internal void AddDependency(PolicyLayers layers, string? service, string dependency)
    {
        layers.Section(Section("dependencies")?.Child(dependency));
        layers.Section(ServiceSection(service)?.Child("dependencies")?.Child(dependency));
    }

    /// <summary>The node of a route where it says something of its calls, or null.</summary>
    internal PolicyNode? RouteCallsOf(string route) =>
        Section("routes")?.Child(route) is { } node && node.Children.Keys.Except(PolicyLayers.RouteKeys).Any() ? node : null;

    internal static IEnumerable<string> Keys(PolicyNode? node) => node?.Children.Keys ?? [];

    private static PolicyNode? ReadScope(PolicySource source, PolicyErrors errors)
    {
        if (!PolicyScope.IsValid(source.Scope))
        {
            errors.Add(new PolicyError("the scope", PolicyNode.Quote(source.Scope), PolicyScope.Expected) { Source = source.Location });
            return null;
        }

        var path = PolicyScope.PathOf(source.Scope);
        if (PolicyYaml.Read(source, string.Join('.', path), errors) is not { } node)
        {
            return null;
        }

        if (node.Kind != PolicyNodeKind.Section)
        {
            errors.Add(node.ErrorOf(node.Path.Length == 0 ? "the text" : node.Path, node.Describe(), "must be a section of keys"));
            return null;
        }

        for (var depth = path.Length - 1; depth >= 0; depth--)
        {
            node = PolicyNode.OfSection(string.Join('.', path[..depth]), [KeyValuePair.Create(path[depth], node)], node.Source, node.Line);
        }

        return node;
    }

    private static PolicyDocument Read(PolicyNode root, PolicyErrors errors)
    {
        foreach (var (key, child) in root.Children)
        {
            if (!Parts.Contains(key))
            {
                errors.Add(child.Error($"must be one of {string.Join(", ", Parts)}"));
            }
            else if (child.Kind != PolicyNodeKind.Section)
            {
                errors.Add(child.Error("must be a section"));
            }
        }

        if (errors.Found.Count > 0)
        {
            return Empty;
        }

        var document = new PolicyDocument(root)
        {
            Routes = ReadRoutes(root.Child("routes"), errors).ToFrozenDictionary(route => route.Name, StringComparer.Ordinal),
            Topology = ReadTopology(root.Child("topology"), errors).ToFrozenDictionary(service => service.Name, StringComparer.Ordinal),
        };
        new DocumentCheck(document, errors).Run();
        return document;
    }

    private static IEnumerable<RoutePolicy> ReadRoutes(PolicyNode? routes, PolicyErrors errors)
    {
        foreach (var (name, node) in routes?.Children ?? new Dictionary<string, PolicyNode>())
        {
            if (node.Kind != PolicyNodeKind.Section)
            {
                errors.Add(node.Error("must be a section"));
                continue;
            }

            var before = errors.Found.Count;
            var section = new PolicySection(node, errors);
            var to = section.OptionalName("to");
            var sla = section.OptionalTime("sla_ms");
            var waitsFor = section.Names("waits_for");
            if (to is null && node.Child("to") is null)
            {
                errors.Add(node.ErrorOf(node.PathOf("to"), "not there", "must be the service that the gateway calls for this route"));
            }

            if (sla is null && node.Child("sla_ms") is null)
            {
                errors.Add(node.ErrorOf(node.PathOf("sla_ms"), "not there", "must be the time of a whole request in milliseconds"));
            }
            else if (sla is { } time && (time < TimeSpan.FromMilliseconds(1) || time > RoutePolicy.LongestSla))
            {
                errors.Add(node.Child("sla_ms")!.Error($"must be from 1 to {RoutePolicy.LongestSla.TotalMilliseconds} ms"));
            }

            if (errors.Found.Count == before)
            {
                yield return new RoutePolicy(name, to!, sla!.Value, waitsFor);
            }
        }
    }

    private static IEnumerable<ServiceTopology> ReadTopology(PolicyNode? topology, PolicyErrors errors)
    {
        foreach (var (name, node) in topology?.Children ?? new Dictionary<string, PolicyNode>())
        {
            var section = new PolicySection(node, errors);
            var service = new ServiceTopology(name, section.Names("calls"), section.Names("background"), section.OptionalTime("ready_ms"));
            section.RefuseUnknown();
            if (service.Ready is { } ready && (ready <= TimeSpan.Zero || ready > RoutePolicy.LongestSla))
            {
                errors.Add(node.Child("ready_ms")!.Error($"must be more than 0 and at most {RoutePolicy.LongestSla.TotalMilliseconds} ms"));
            }

            yield return service;
        }
    }
}
