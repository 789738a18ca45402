using Policy.Output;
using Policy.Stores;

namespace Policy.CommandLine;

/// <summary>What the commands work with, so that tests can put their own in its place.</summary>
/// <param name="Console">Where they read and write.</param>
/// <param name="Time">The clock and the time zone.</param>
/// <param name="Environment">Environment variables.</param>
/// <param name="Open">Opens the store at a place of <see cref="StorePlace"/>.</param>
internal sealed record PolicyTool(PolicyConsole Console, TimeProvider Time, Func<string, string?> Environment, Func<string, IPolicyStore> Open)
{
    /// <summary>What finds contradictions.</summary>
    public Func<PolicyDocument, IReadOnlyList<PolicyFinding>> Lint { get; init; } = PolicyLinter.Lint;

    /// <summary>The folder that the default store is looked for in.</summary>
    public string Folder { get; init; } = "";

    /// <summary>The process's own.</summary>
    public static PolicyTool OfProcess() => new(
        PolicyConsole.OfProcess(),
        TimeProvider.System,
        System.Environment.GetEnvironmentVariable,
        place => PolicyStores.Open(place, EtcdCredentials.From(System.Environment.GetEnvironmentVariable), TimeProvider.System));
}
