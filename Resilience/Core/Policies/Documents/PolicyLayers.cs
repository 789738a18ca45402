namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Puts a policy together, from what holds for everything to what holds for one dependency, and knows where each of its keys stands. A key that turns out
/// wrong only in the end is reported at the place that set it last. Not thread-safe.
/// </summary>
internal sealed class PolicyLayers(PolicyErrors errors)
{
    private readonly List<PolicyNode> _nodes = [];
    private PolicyStarts _starts = PolicyStarts.Library;

    public DependencyPolicy Policy { get; private set; } = new();

    public void Tiers(PolicyNode? node)
    {
        if (node is not null)
        {
            _nodes.Add(node);
            (Policy, _starts) = new PolicySection(node, errors).ReadTiers(Policy, _starts);
        }
    }

    public void Section(PolicyNode? node)
    {
        if (node is not null)
        {
            _nodes.Add(node);
            (Policy, _starts) = new PolicySection(node, errors).Read(Policy, _starts);
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

        (Policy, _starts) = section.Read(Policy, _starts, isRoute: true);
    }

    public void Code(Func<DependencyPolicy, DependencyPolicy>? change) => Policy = change?.Invoke(Policy) ?? Policy;

    /// <summary>Checks the whole.</summary>
    /// <param name="whose">Whose policy it is, for messages.</param>
    public DependencyPolicy Validated(string whose)
    {
        foreach (var error in Wrong())
        {
            errors.Add(error with { Key = $"{whose}: {error.Key}" });
        }

        return Policy;
    }

    /// <summary>What is wrong with the whole, by the keys of the policy and at the places that set them.</summary>
    public IEnumerable<PolicyError> Wrong()
    {
        var own = new PolicyErrors();
        Policy.Validate(own);
        _starts.ValidateWhatIsOff(Policy, own);
        foreach (var error in own.Found)
        {
            var place = SetAt(error.Key) ?? (error.Against is { } other ? SetAt(other) : null) ?? Place(error.Key);
            yield return error with { Source = place?.Source, Line = place?.Line ?? 0, Against = null };
        }
    }

    /// <summary>Where a key of the policy was set last, or the part it belongs to; null when it comes from code.</summary>
    public PolicyNode? Place(string key) =>
        SetAt(key) ?? (key.LastIndexOf('.') is > 0 and var dot ? Place(key[..dot]) : _nodes.LastOrDefault());

    /// <summary>Where a key of the policy was set last; null when no text sets it.</summary>
    public PolicyNode? SetAt(string key)
    {
        for (var layer = _nodes.Count - 1; layer >= 0; layer--)
        {
            if (_nodes[layer].Find(key) is { } node)
            {
                return node;
            }
        }

        return null;
    }

    internal static readonly string[] RouteKeys = ["to", "sla_ms", "waits_for"];
}
