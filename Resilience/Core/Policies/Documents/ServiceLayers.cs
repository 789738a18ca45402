namespace ResilientShop.Resilience.Policies;

/// <summary>The degradation of one service: what holds for all, over it what the service has of its own. Not thread-safe.</summary>
internal sealed class DegradationLayers(PolicyDocument document, string? service)
{
    /// <summary>Its key at the top of a document and in a service.</summary>
    public const string Key = "degradation";

    private readonly PolicyNode[] _nodes =
        [.. new[] { document.Section(Key), document.ServiceSection(service)?.Child(Key) }.OfType<PolicyNode>()];

    /// <summary>Reads it; what is wrong with single values goes to <paramref name="errors"/>.</summary>
    public DegradationPolicy Read(PolicyErrors errors) =>
        _nodes.Aggregate(new DegradationPolicy(), (policy, node) => new PolicySection(node, errors).ReadDegradation(policy));

    /// <summary>What is wrong with the whole, at the places that set it.</summary>
    public IEnumerable<PolicyError> Wrong()
    {
        var own = new PolicyErrors();
        Read(new PolicyErrors()).Validate(own);
        foreach (var error in own.Found)
        {
            var place = SetAt(error.Key) ?? (error.Against is { } other ? SetAt(other) : null) ?? _nodes.LastOrDefault();
            yield return error with { Key = place?.PathOf(error.Key) ?? error.Key, Source = place?.Source, Line = (place?.Child(error.Key) ?? place)?.Line ?? 0, Against = null };
        }
    }

    private PolicyNode? SetAt(string key) => _nodes.LastOrDefault(node => node.Child(key) is not null);
}
