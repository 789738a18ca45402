using System.CommandLine;
using Policy.CommandLine;

namespace Policy.Changes;

/// <summary>How a change is made. Immutable.</summary>
internal sealed record ChangeSettings(string Who, string Why, long? From, bool IsDryRun, TimeSpan Wait);

/// <summary>The options of commands that change a store.</summary>
internal sealed class ChangeOptions
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(10);

    private readonly Option<string?> _reason = CommonOptions.Reason();
    private readonly Option<string?> _who = CommonOptions.Who();
    private readonly Option<long?> _from = CommonOptions.From();
    private readonly Option<bool> _dryRun = CommonOptions.DryRun();
    private readonly Option<double?> _wait = CommonOptions.Wait();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_reason, _who, _from, _dryRun, _wait])
        {
            command.Options.Add(option);
        }
    }

    public ChangeSettings Bind(ParseResult parsed) => new(
        parsed.GetValue(_who) ?? UserName(),
        parsed.GetRequiredValue(_reason)!,
        parsed.GetValue(_from),
        parsed.GetValue(_dryRun),
        parsed.GetValue(_wait) is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultWait);

    // A container's user may have no name.
    private static string UserName() => string.IsNullOrWhiteSpace(Environment.UserName) ? "unknown" : Environment.UserName;
}
