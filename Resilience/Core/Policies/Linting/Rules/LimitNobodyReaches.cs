namespace ResilientShop.Resilience.Policies;

/// <summary>The P99 at which a service degrades against the longest time that anybody waits for it: a request that is cut off before can never be that slow.</summary>
internal sealed class LimitNobodyReaches : IPolicyRule
{
    /// <summary>Share of the longest wait at which a service is slow without being cut off.</summary>
    private const double Enough = 0.75;

    /// <inheritdoc/>
    public string Name => "limit-nobody-reaches";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document)
    {
        foreach (var service in document.Services)
        {
            var policy = document.Document.DegradationOf(service.Name);
            if (policy.IsEnabled && policy.Rules.Any(rule => rule.When.HasFlag(Signals.P99)) && LongestWait(document, service.Name) is { } wait && policy.P99Limit >= wait.Time
                && Milliseconds.Up(wait.Time * Enough) is var limit && limit < wait.Time)
            {
                var key = $"services.{service.Name}.degradation.p99_limit_ms";
                yield return new RuleFinding(
                    FindingSeverity.Warning,
                    service.Name,
                    PlaceOfLimit(document, service.Name),
                    wait.Place,
                    $"it degrades above a P99 of {Milliseconds.Text(policy.P99Limit)} ms, and nobody waits for it longer than {Milliseconds.Text(wait.Time)} ms.",
                    new PolicyFix().Or([new PolicySetting(key, limit)]).ToString());
            }
        }
    }

    private static (TimeSpan Time, string Place)? LongestWait(LintedDocument document, string service)
    {
        var waits = document.Routes.Where(route => route.To == service).Select(route => (Time: route.Sla, Place: document.Place("routes", route.Name, "sla_ms")))
            .Concat(document.Edges.Where(edge => edge.Callee == service && edge.Caller != document.Gateway).Select(edge => (Time: edge.Policy.Total, Place: edge.Place("total_ms"))))
            .ToList();
        return waits.Count == 0 ? null : waits.MaxBy(wait => wait.Time);
    }

    private static string PlaceOfLimit(LintedDocument document, string service) =>
        document.Document.ServiceSection(service)?.Child(ServiceParts.Degradation.Key)?.Child("p99_limit_ms") is { } own ? LintedDocument.Place(own)
        : document.Document.Section(ServiceParts.Degradation.Key)?.Child("p99_limit_ms") is { } all ? LintedDocument.Place(all)
        : "(default) degradation.p99_limit_ms";
}
