namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Checks a document: first each of its sections on its own, once; then every policy that can come of them, whoever asks for it. Taking them in turn is what
/// keeps a text of ten thousand wrong keys and as many services from becoming a hundred million errors. Not thread-safe.
/// </summary>
internal sealed class DocumentCheck(PolicyDocument document, PolicyErrors errors)
{
    /// <summary>Nobody reads more errors than these; the search for further ones ends.</summary>
    internal const int Enough = 200;

    private readonly HashSet<PolicyError> _seen = [];

    public void Run()
    {
        CheckSections();
        if (errors.Found.Count < Enough)
        {
            CheckPolicies();
        }
    }

    private void CheckSections()
    {
        if (document.Section("tiers") is { } tiers)
        {
            new PolicySection(tiers, errors).ReadTiers(new DependencyPolicy(), PolicyStarts.Library);
        }

        Read(document.Section(ServiceParts.Degradation.Key), ServiceParts.Degradation);
        Read(document.Section(ServiceParts.Release.Key), ServiceParts.Release);
        Read(document.Section("defaults"));
        ReadAll(document.Section("dependencies"));
        foreach (var service in document.Section("services")?.Children.Values ?? [])
        {
            var section = new PolicySection(service, errors);
            Read(section.Take("defaults"));
            ReadAll(section.Take("dependencies"));
            Read(section.Take(ServiceParts.Degradation.Key), ServiceParts.Degradation);
            Read(section.Take(ServiceParts.Release.Key), ServiceParts.Release);
            section.RefuseUnknown();
        }

        foreach (var node in document.Section("routes")?.Children.Values.Where(node => node.Kind == PolicyNodeKind.Section) ?? [])
        {
            new PolicyLayers(errors).Route(node);
        }
    }

    private void Read(PolicyNode? section)
    {
        if (section is not null)
        {
            new PolicySection(section, errors).Read(new DependencyPolicy(), PolicyStarts.Library);
        }
    }

    private void Read<TPolicy>(PolicyNode? section, ServicePart<TPolicy> part)
    {
        if (section is not null)
        {
            part.Read(new PolicySection(section, errors), part.Start);
        }
    }

    private void ReadAll(PolicyNode? sections)
    {
        if (sections is { Kind: not PolicyNodeKind.Section })
        {
            errors.Add(sections.Error("must be a section"));
            return;
        }

        foreach (var section in sections?.Children.Values ?? [])
        {
            Read(section);
        }
    }

    private void CheckPolicies()
    {
        var read = new PolicyErrors(); // What it takes has been said already.
        foreach (var service in document.Services.Prepend(null))
        {
            // A service that says nothing of its own has what everybody has.
            var own = document.ServiceSection(service);
            var hasDefaults = own?.Child("defaults") is not null;
            if (service is null || hasDefaults)
            {
                var defaults = new PolicyLayers(read);
                document.AddDefaults(defaults, service);
                Report(defaults, service is null ? "defaults" : $"services.{service}.defaults");
            }

            var named = PolicyDocument.Keys(service is null ? document.Section("dependencies") : own?.Child("dependencies"));
            var called = hasDefaults && document.Topology.TryGetValue(service!, out var topology) ? topology.AllCalls : [];
            foreach (var name in named.Union(called).TakeWhile(_ => errors.Found.Count < Enough))
            {
                Report(document.LayersOf(service, name, read), service is null ? name : $"{service} -> {name}");
            }
        }

        Check(ServiceParts.Degradation);
        Check(ServiceParts.Release);
        CheckRoutes(read);
    }

    private void Check<TPolicy>(ServicePart<TPolicy> part)
    {
        foreach (var service in document.Services.Prepend(null).Where(service => service is null || document.ServiceSection(service)?.Child(part.Key) is not null))
        {
            foreach (var wrong in new ServiceLayers<TPolicy>(document, service, part).Wrong().TakeWhile(_ => errors.Found.Count < Enough).Where(_seen.Add))
            {
                errors.Add(wrong);
            }
        }
    }

    /// <summary>As anybody would call their targets, and as the gateway does.</summary>
    private void CheckRoutes(PolicyErrors read)
    {
        var callers = new[] { null, document.Gateway }.Distinct().ToList();
        foreach (var route in document.Routes.Values.OrderBy(route => route.Name, StringComparer.Ordinal))
        {
            if (document.RouteCallsOf(route.Name) is { } node)
            {
                foreach (var caller in callers)
                {
                    var layers = document.LayersOf(caller, route.To, read);
                    layers.Route(node);
                    Report(layers, $"routes.{route.Name}");
                }
            }
        }
    }

    /// <summary>What one wrong place does to all that inherit from it is said once, of the most general.</summary>
    private void Report(PolicyLayers layers, string whose)
    {
        if (errors.Found.Count < Enough)
        {
            foreach (var wrong in layers.Wrong().Where(_seen.Add))
            {
                errors.Add(wrong with { Key = $"{whose}: {wrong.Key}" });
            }
        }
    }
}
