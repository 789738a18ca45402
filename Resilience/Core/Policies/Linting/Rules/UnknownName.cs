namespace ResilientShop.Resilience.Policies;

/// <summary>Names that the topology does not know: a policy for something that nobody calls governs nothing, and nothing says so.</summary>
internal sealed class UnknownName : IPolicyRule
{
    /// <inheritdoc/>
    public string Name => "unknown-name";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document)
    {
        // Without a topology nobody says which names there are.
        if (document.Services.Count == 0)
        {
            return [];
        }

        var called = document.Edges.Select(edge => edge.Callee).Distinct().Order(StringComparer.Ordinal).ToList();
        return Dependencies(document, called).Concat(Services(document)).Concat(Routes(document)).Concat(Topology(document));
    }

    private static IEnumerable<RuleFinding> Dependencies(LintedDocument document, List<string> called)
    {
        var known = called.ToHashSet(StringComparer.Ordinal);
        foreach (var name in PolicyDocument.Keys(document.Document.Section("dependencies")).Where(name => !known.Contains(name)).Order(StringComparer.Ordinal))
        {
            yield return Warning(document, ["dependencies", name], ["topology"], $"nobody in the topology calls {name}.", NearestName.Of(name, called), "add it to the calls of a service");
        }
    }

    private static IEnumerable<RuleFinding> Services(LintedDocument document)
    {
        var names = document.Services.Select(service => service.Name).ToList();
        foreach (var name in PolicyDocument.Keys(document.Document.Section("services")).Order(StringComparer.Ordinal))
        {
            if (!document.Document.Topology.TryGetValue(name, out var service))
            {
                yield return Warning(document, ["services", name], ["topology"], $"the topology has no service {name}.", NearestName.Of(name, names), $"add topology.{name}");
                continue;
            }

            var known = service.AllCalls.ToList();
            foreach (var callee in PolicyDocument.Keys(document.Document.ServiceSection(name)!.Child("dependencies")).Where(callee => !known.Contains(callee)).Order(StringComparer.Ordinal))
            {
                yield return Warning(
                    document,
                    ["services", name, "dependencies", callee],
                    ["topology", name],
                    $"{name} does not call {callee} in the topology.",
                    NearestName.Of(callee, known),
                    $"add {callee} to topology.{name}.calls");
            }
        }
    }

    private static IEnumerable<RuleFinding> Routes(LintedDocument document)
    {
        var topology = document.Document.Topology;
        foreach (var route in document.Routes)
        {
            var known = document.Gateway is { } gateway && topology.TryGetValue(gateway, out var caller) ? caller.Calls : [.. document.Services.Select(service => service.Name)];
            if (!known.Contains(route.To))
            {
                yield return Warning(
                    document,
                    ["routes", route.Name, "to"],
                    document.Gateway is { } name && topology.ContainsKey(name) ? ["topology", name] : ["topology"],
                    $"{document.Gateway ?? "the topology"} does not call {route.To}.",
                    NearestName.Of(route.To, known),
                    $"add {route.To} to the calls",
                    renamed: route.To);
            }

            var from = route.To;
            foreach (var to in route.WaitsFor)
            {
                var calls = topology.TryGetValue(from, out var service) ? service.AllCalls.ToList() : [];
                if (!calls.Contains(to))
                {
                    var finding = Warning(
                        document,
                        ["routes", route.Name, "waits_for"],
                        topology.ContainsKey(from) ? ["topology", from] : ["topology"],
                        $"the route waits for {to}, called by {from}, but {from} does not call it in the topology.",
                        NearestName.Of(to, calls),
                        $"add {to} to topology.{from}.calls",
                        renamed: to);
                    yield return finding with { Severity = FindingSeverity.Error };
                }

                from = to;
            }
        }
    }

    /// <summary>What is called and no service may be somebody else's; it is suspicious only where it is almost the name of a service.</summary>
    private static IEnumerable<RuleFinding> Topology(LintedDocument document)
    {
        var services = document.Services.Select(service => service.Name).ToList();
        var sections = PolicyDocument.Keys(document.Document.Section("dependencies")).ToHashSet(StringComparer.Ordinal);
        foreach (var edge in document.Edges.Where(edge => !document.Document.Topology.ContainsKey(edge.Callee) && !sections.Contains(edge.Callee)))
        {
            if (NearestName.Of(edge.Callee, services) is { } nearest)
            {
                yield return Warning(
                    document,
                    ["topology", edge.Caller!, edge.IsInRequest ? "calls" : "background"],
                    ["topology", nearest],
                    $"{edge.Caller} calls {edge.Callee}, of which the document says nothing else.",
                    nearest,
                    "",
                    renamed: edge.Callee);
            }
        }
    }

    private static RuleFinding Warning(
        LintedDocument document, string[] first, string[] second, string what, string? nearest, string otherwise, string? renamed = null)
    {
        var path = string.Join('.', first);
        var fix = (nearest, renamed) switch
        {
            (null, _) => $"{otherwise}, or remove it from {path}.",
            (_, null) => $"rename {path} to {nearest}.",
            _ => $"rename {renamed} in {path} to {nearest}.",
        };
        return new RuleFinding(FindingSeverity.Warning, renamed is null ? path : $"{path} {renamed}", document.Place(first), document.Place(second), what, fix);
    }
}
