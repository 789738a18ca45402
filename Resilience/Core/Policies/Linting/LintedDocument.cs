using System.Globalization;

namespace ResilientShop.Resilience.Policies;

/// <summary>A document as the linter's rules see it: who calls whom, by which policy. Not thread-safe.</summary>
internal sealed class LintedDocument
{
    private readonly PolicyErrors _said = new(); // A document is checked before it is linted: nothing is added to it.
    private readonly Dictionary<(string? Caller, string Callee), LintedCall> _calls = [];
    private readonly ILookup<string, LintedCall> _edges;

    public LintedDocument(PolicyDocument document)
    {
        Document = document;
        Gateway = document.Gateway;
        Services = [.. document.Topology.Values.OrderBy(service => service.Name, StringComparer.Ordinal)];
        Routes = [.. document.Routes.Values.OrderBy(route => route.Name, StringComparer.Ordinal)];
        Edges = [.. Services.SelectMany(service => service.AllCalls.Order(StringComparer.Ordinal).Select(callee => CallOf(service, callee)))];
        _edges = Edges.ToLookup(edge => edge.Caller!, StringComparer.Ordinal);
        Calls = [.. FindCalls()];
        Graph = new CallGraph(this);
    }

    public PolicyDocument Document { get; }

    /// <summary>By name.</summary>
    public IReadOnlyList<ServiceTopology> Services { get; }

    /// <summary>By name.</summary>
    public IReadOnlyList<RoutePolicy> Routes { get; }

    /// <summary>Who calls the targets of the routes; null when nobody says.</summary>
    public string? Gateway { get; }

    /// <summary>Who calls whom by the topology, ordered by caller and callee.</summary>
    public IReadOnlyList<LintedCall> Edges { get; }

    /// <summary>Everything that has a policy: the edges, pairs that are only in the policies, what anybody may call, routes with a policy of their own.</summary>
    public IReadOnlyList<LintedCall> Calls { get; }

    public CallGraph Graph { get; }

    public IEnumerable<LintedCall> EdgesOf(string service) => _edges[service];

    /// <summary>The calls of the gateway for a route.</summary>
    public LintedCall CallOf(RoutePolicy route)
    {
        if (Document.RouteCallsOf(route.Name) is not { } node)
        {
            return CallOf(Gateway, route.To);
        }

        var layers = Document.LayersOf(Gateway, route.To, _said);
        layers.Route(node);
        return new LintedCall(layers)
        {
            Whose = $"routes.{route.Name}: {Gateway ?? "anybody"} -> {route.To}",
            Caller = Gateway,
            Callee = route.To,
            OwnPath = $"routes.{route.Name}",
            IsInRequest = true,
            IsOfRoute = true,
        };
    }

    /// <summary>The calls of one service to another, whether the topology knows them or not.</summary>
    public LintedCall CallOf(string? caller, string callee)
    {
        if (!_calls.TryGetValue((caller, callee), out var call))
        {
            call = new LintedCall(Document.LayersOf(caller, callee, _said))
            {
                Whose = caller is null ? callee : $"{caller} -> {callee}",
                Caller = caller,
                Callee = callee,
                OwnPath = caller is null ? $"dependencies.{callee}" : $"services.{caller}.dependencies.{callee}",
            };
            _calls.Add((caller, callee), call);
        }

        return call;
    }

    /// <summary>Where a part stands, as file, line and key.</summary>
    public string Place(params string[] path)
    {
        var node = Document.Section(path[0]);
        foreach (var key in path[1..])
        {
            node = node?.Child(key);
        }

        return node is null ? $"(default) {string.Join('.', path)}" : Place(node);
    }

    public static string Place(PolicyNode node) => node.Source is null ? node.Path : string.Create(CultureInfo.InvariantCulture, $"{node.Source}:{node.Line} {node.Path}");

    private LintedCall CallOf(ServiceTopology service, string callee)
    {
        var call = new LintedCall(Document.LayersOf(service.Name, callee, _said))
        {
            Whose = $"{service.Name} -> {callee}",
            Caller = service.Name,
            Callee = callee,
            OwnPath = $"services.{service.Name}.dependencies.{callee}",
            IsInRequest = service.Calls.Contains(callee),
            IsInBackground = service.Background.Contains(callee),
            LeastTotal = service.Name == Gateway ? LeastTotalOf(callee) : TimeSpan.Zero,
        };
        _calls.Add((service.Name, callee), call);
        return call;
    }

    /// <summary>Routes inherit the total of the gateway's calls, and may need more of it than those do.</summary>
    private TimeSpan LeastTotalOf(string callee) =>
        Routes.Where(route => route.To == callee && Document.RouteCallsOf(route.Name) is not null).Select(route => CallOf(route).Policy.MinTimeLeft).DefaultIfEmpty().Max();

    private IEnumerable<LintedCall> FindCalls()
    {
        if (Services.Count == 0 && (Document.Section("defaults") is not null || Document.Section("tiers") is not null))
        {
            // Nobody says who calls whom, so anybody may call somebody whom the document does not name.
            var layers = new PolicyLayers(_said);
            Document.AddDefaults(layers, service: null);
            yield return new LintedCall(layers) { Whose = "defaults", Callee = "", OwnPath = "defaults" };
        }

        foreach (var service in Document.Services.Order(StringComparer.Ordinal))
        {
            var named = PolicyDocument.Keys(Document.ServiceSection(service)?.Child("dependencies"));
            foreach (var callee in named.Union(EdgesOf(service).Select(edge => edge.Callee)).Order(StringComparer.Ordinal))
            {
                yield return CallOf(service, callee);
            }
        }

        var called = _calls.Keys.Select(call => call.Callee).ToHashSet(StringComparer.Ordinal);
        foreach (var callee in PolicyDocument.Keys(Document.Section("dependencies")).Where(name => !called.Contains(name)).Order(StringComparer.Ordinal))
        {
            yield return CallOf(caller: null, callee);
        }

        foreach (var route in Routes.Where(route => Document.RouteCallsOf(route.Name) is not null))
        {
            yield return CallOf(route);
        }
    }
}
