namespace ResilientShop.Resilience.Policies;

/// <summary>A policy of one service: what holds for all, over it what the service has of its own. Not thread-safe.</summary>
/// <typeparam name="TPolicy">What is said.</typeparam>
internal sealed class ServiceLayers<TPolicy>(PolicyDocument document, string? service, ServicePart<TPolicy> part)
{
    private readonly PolicyNode[] _nodes =
        [.. new[] { document.Section(part.Key), document.ServiceSection(service)?.Child(part.Key) }.OfType<PolicyNode>()];

    /// <summary>Reads it; what is wrong with single values goes to <paramref name="errors"/>.</summary>
    public TPolicy Read(PolicyErrors errors) => _nodes.Aggregate(part.Start, (policy, node) => part.Read(new PolicySection(node, errors), policy));

    /// <summary>What is wrong with the whole, at the places that set it.</summary>
    public IEnumerable<PolicyError> Wrong()
    {
        var own = new PolicyErrors();
        part.Validate(Read(new PolicyErrors()), own);
        foreach (var error in own.Found)
        {
            var place = SetAt(error.Key) ?? (error.Against is { } other ? SetAt(other) : null) ?? _nodes.LastOrDefault();
            yield return error with { Key = place?.PathOf(error.Key) ?? error.Key, Source = place?.Source, Line = (place?.Child(error.Key) ?? place)?.Line ?? 0, Against = null };
        }
    }

    private PolicyNode? SetAt(string key) => _nodes.LastOrDefault(node => node.Child(key) is not null);
}

/// <summary>A part of a document that holds for all services, and that each may have of its own.</summary>
/// <param name="Key">Its key at the top of a document and in a service.</param>
/// <param name="Start">What holds where nothing is said.</param>
/// <param name="Read">Lays a section over it.</param>
/// <param name="Validate">Checks the whole.</param>
internal sealed record ServicePart<TPolicy>(string Key, TPolicy Start, Func<PolicySection, TPolicy, TPolicy> Read, Action<TPolicy, PolicyErrors> Validate);

/// <summary>The parts that there are.</summary>
internal static class ServiceParts
{
    /// <summary>When services degrade.</summary>
    public static readonly ServicePart<DegradationPolicy> Degradation =
        new("degradation", new DegradationPolicy(), (section, policy) => section.ReadDegradation(policy), (policy, errors) => policy.Validate(errors));

    /// <summary>How canaries are released.</summary>
    public static readonly ServicePart<ReleasePolicy> Release =
        new("release", new ReleasePolicy(), (section, policy) => section.ReadRelease(policy), (policy, errors) => policy.Validate(errors));
}
