using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Policy.Changes;
using Policy.CommandLine;
using Policy.Output;

namespace Policy.Commands;

/// <summary>Tells what every live instance runs.</summary>
internal static class StatusCommand
{
    public static Command Create(PolicyTool tool)
    {
        var json = CommonOptions.Json();
        var command = new Command("status", "Tells what every live instance runs. Exit code 3 when one does not run what the store holds.") { json };
        command.SetStoreAction(tool, async (store, parsed, cancellationToken) =>
        {
            var policies = await store.ReadAsync(cancellationToken);
            var instances = await store.AcknowledgementsAsync(cancellationToken);
            if (parsed.GetValue(json))
            {
                tool.Console.Out.WriteLine(JsonSerializer.Serialize(JsonOf(store, policies, instances), PolicyJson.Default.StatusJson));
            }
            else
            {
                Print(tool, store, policies, instances);
            }

            return RunEverywhere(instances, policies) ? ExitCode.Ok : ExitCode.NotEverywhere;
        });
        return command;
    }

    private static bool RunEverywhere(IReadOnlyList<Acknowledgement> instances, StoredPolicies policies) => instances.All(instance => instance.Runs(policies));

    private static void Print(PolicyTool tool, IPolicyStore store, StoredPolicies policies, IReadOnlyList<Acknowledgement> instances)
    {
        var output = tool.Console.Out;
        if (instances.Count > 0)
        {
            var table = new TextTable("service", "instance", "revision", "digest", "since", "state");
            foreach (var instance in instances)
            {
                table.AddRow(
                    instance.Service,
                    instance.Instance,
                    instance.Revision.ToString(CultureInfo.InvariantCulture),
                    instance.Digest,
                    tool.Time.Local(instance.At),
                    instance.DescribeWithoutReasons(policies));
            }

            table.Print(tool.Console);
            PrintRefusals(tool.Console, instances);
        }

        var summary = instances.Count == 0 ? "no live instances" : InstanceWait.Progress(instances, policies);
        output.WriteLine(FormattableString.Invariant($"{store.Name}: revision {policies.Revision}, digest {policies.Digest}; {summary}"));
    }

    private static void PrintRefusals(PolicyConsole console, IReadOnlyList<Acknowledgement> instances)
    {
        foreach (var refusal in instances.Where(instance => instance.RefusedRevision is not null)
            .GroupBy(instance => (instance.RefusedRevision, Reasons: string.Join('\n', instance.RefusedBecause))))
        {
            var by = string.Join(", ", refusal.Select(instance => $"{instance.Service} {instance.Instance}"));
            console.Out.WriteLine(PolicyConsole.Printable(FormattableString.Invariant($"revision {refusal.Key.RefusedRevision} refused by {by}:")));
            foreach (var reason in refusal.First().RefusedBecause.DefaultIfEmpty("it does not say why"))
            {
                console.Out.WriteLine($"  {PolicyConsole.Printable(reason)}");
            }
        }
    }

    private static StatusJson JsonOf(IPolicyStore store, StoredPolicies policies, IReadOnlyList<Acknowledgement> instances) => new(
        store.Name,
        policies.Revision,
        policies.Digest,
        RunEverywhere(instances, policies),
        [.. instances.Select(instance => new InstanceJson(
            instance.Service,
            instance.Instance,
            instance.Revision,
            instance.Digest,
            instance.At,
            instance.Origin,
            instance.Runs(policies),
            instance.Describe(policies),
            instance.RefusedRevision,
            instance.RefusedBecause,
            instance.StoreProblem,
            instance.Pinned,
            instance.AfterRestart))]);
}
