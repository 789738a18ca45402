namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Clients of a process that the topology does not name. The linter does its sums along the topology, so a call that is missing there is a call that nobody checks.
/// Only the process itself knows its clients: this is not one of the linter's rules. Pure, thread-safe.
/// </summary>
internal static class UnlistedCalls
{
    private const string Rule = "unlisted-call";

    /// <summary>A warning for each; none where the document has no topology.</summary>
    public static IEnumerable<PolicyFinding> Of(PolicyDocument document, string service, IEnumerable<string> clients)
    {
        if (document.Topology.Count == 0)
        {
            yield break;
        }

        document.Topology.TryGetValue(service, out var listed);
        var place = document.Section("topology")!.Child(service) ?? document.Section("topology")!;
        var said = listed is null ? $"the topology does not name {service}" : $"by the topology {service} calls {Text(listed)}";
        foreach (var client in clients.Except(listed?.AllCalls ?? []).Order(StringComparer.Ordinal))
        {
            yield return new PolicyFinding(
                Rule,
                FindingSeverity.Warning,
                $"the client {client} of {service}",
                LintedDocument.Place(place),
                $"{service} has a client for {client}, but {said}; whether its times fit is not checked.",
                $"add {client} to topology.{service}.calls, or to .background where nobody waits for the answer.");
        }
    }

    private static string Text(ServiceTopology listed) => listed.AllCalls.Any() ? string.Join(", ", listed.AllCalls) : "nobody";
}
