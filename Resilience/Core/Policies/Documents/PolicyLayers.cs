namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Puts a policy together, from what holds for everything to what holds for one dependency, and knows where each of its keys stands. A key that turns out
/// wrong only in the end is reported at the place that set it last. Not thread-safe.
/// </summary>
internal sealed class PolicyLayers(PolicyErrors errors)
{
    private readonly List<PolicyNode> _nodes = [];
    private L1Policy _l1 = new();

    public DependencyPolicy Policy { get; private set; } = new();

    public void Tiers(PolicyNode? node)
    {
        if (node is not null)
        {
            _nodes.Add(node);
            (Policy, _l1) = new PolicySection(node, errors).ReadTiers(Policy, _l1);
        }
    }

    public void Section(PolicyNode? node)
    {
        if (node is not null)
        {
            _nodes.Add(node);
            Policy = new PolicySection(node, errors).Read(Policy, _l1);
        }
    }

    /// <summary>The part of a route that is about calls; its own keys are read elsewhere.</summary>
    public void Route(PolicyNode node)
    {
        _nodes.Add(node);
        var section = new PolicySection(node, errors);
        foreach (var own in RouteKeys)
        {
            section.Take(own);
        }

        Policy = section.Read(Policy, _l1, isRoute: true);
    }

    public void Code(Func<DependencyPolicy, DependencyPolicy>? change) => Policy = change?.Invoke(Policy) ?? Policy;

    /// <summary>Checks the whole.</summary>
    /// <param name="whose">Whose policy it is, for messages.</param>
    public DependencyPolicy Validated(string whose)
    {
        var own = new PolicyErrors();
        Policy.Validate(own);
        foreach (var error in own.Found)
        {
            var place = Place(error.Key);
            errors.Add(error with { Key = $"{whose}: {error.Key}", Source = place?.Source, Line = place?.Line ?? 0 });
        }

        return Policy;
    }

    /// <summary>Where a key of the policy was set last, or the part it belongs to; null when it comes from code.</summary>
    public PolicyNode? Place(string key)
    {
        for (var layer = _nodes.Count - 1; layer >= 0; layer--)
        {
            if (_nodes[layer].Find(key) is { } node)
            {
                return node;
            }
        }

        return key.LastIndexOf('.') is > 0 and var dot ? Place(key[..dot]) : _nodes.LastOrDefault();
    }

    internal static readonly string[] RouteKeys = ["to", "sla_ms", "waits_for"];
}
