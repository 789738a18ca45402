using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tools;

namespace DeadLetters;

/// <summary>The tool from command line to exit code.</summary>
internal sealed class LetterCommandLine
{
    private const string Description =
        """
        Lists dead letters, shows one, and has what failed tried again: messages are sent again to the group that could not handle them, sagas by their service.
        The operator's key comes from OPERATOR_KEY.
        Exit code: 0 done, 1 refused or not all of it done, 2 wrong usage, 4 Operations cannot be reached or lets nobody in, 130 interrupted.
        """;

    private const int LongestName = 64;

    private readonly LetterTool _tool;
    private readonly Option<Uri?> _operations = OptionParsers.Address("--operations", "URL of Operations [default: http://localhost:8090]");
    private readonly Option<string?> _service = Text("--service", "those of a service");
    private readonly Option<string?> _operation = Text("--operation", "those of an operation, for example \"saga order: charge\"");
    private readonly Option<string?> _code = Text("--code", "those with an error code");
    private readonly Option<string?> _key = Text("--key", "those of a key, for example an order");
    private readonly Option<string?> _fingerprint = Text("--fingerprint", "those of a cause");

    private LetterCommandLine(LetterTool tool) => _tool = tool;

    private Option<string?>[] Filters => [_service, _operation, _code, _key, _fingerprint];

    /// <summary>Runs the tool. Cancelling ends it early.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, LetterTool tool, CancellationToken cancellationToken)
    {
        var parsed = new LetterCommandLine(tool).Root().Parse(arguments);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors.Select(error => error.Message).Distinct())
            {
                await tool.Error.WriteLineAsync(error);
            }

            await tool.Error.WriteLineAsync("Use --help to see all options.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = tool.Out, Error = tool.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken);
        }
        catch (OperationsException problem)
        {
            await tool.Error.WriteLineAsync(problem.Message);
            return problem.ExitCode;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await tool.Error.WriteLineAsync("interrupted");
            return ExitCode.Interrupted;
        }
    }

    private RootCommand Root() => new(Description) { List(), Show(), Redrive() };

    private Command List()
    {
        var most = OptionParsers.Whole("--most", "the newest so many [default: 20]", 1, 1000);
        var json = new Option<bool>("--json") { Description = "all fields, as JSON" };
        var list = new Command("list", "Lists dead letters, newest first.") { _operations, most, json };
        Array.ForEach(Filters, list.Add);
        list.SetAction(async (parsed, cancel) =>
        {
            using var operations = Connect(parsed);
            var filters = Filters.Where(filter => parsed.GetValue(filter) is not null).Select(filter => $"{filter.Name[2..]}={Uri.EscapeDataString(parsed.GetValue(filter)!)}");
            var letters = await operations.GetAsync($"api/dead-letters?most={parsed.GetValue(most) ?? 20}{string.Concat(filters.Select(filter => "&" + filter))}", cancel);
            if (parsed.GetValue(json))
            {
                await WriteJsonAsync(letters);
                return ExitCode.Done;
            }

            foreach (var letter in letters.AsArray())
            {
                await _tool.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(DateTimeOffset)letter!["failedAt"]!:yyyy-MM-dd HH:mm:ss}Z  {letter["id"]}  ticket {letter["ticket"]}  {letter["serviceName"]}  {letter["operation"]}  {letter["errorCode"]}  key {letter["key"]}"));
            }

            await _tool.Out.WriteLineAsync(letters.AsArray().Count switch
            {
                0 => "There are none.",
                _ => "Look at one with show ID; have them tried again with redrive --reason WHY and the same options.",
            });
            return ExitCode.Done;
        });
        return list;
    }

    private Command Show()
    {
        var id = new Argument<Guid>("ID") { Description = "the letter" };
        var show = new Command("show", "Shows a dead letter as it came, payload included.") { id, _operations };
        show.SetAction(async (parsed, cancel) =>
        {
            using var operations = Connect(parsed);
            await WriteJsonAsync(await operations.GetAsync($"api/dead-letters/{parsed.GetValue(id)}", cancel));
            return ExitCode.Done;
        });
        return show;
    }

    private Command Redrive()
    {
        var ids = new Argument<Guid[]>("ID") { Description = "these letters; without any, those that the options name", Arity = ArgumentArity.ZeroOrMore };
        var reason = new Option<string>("--reason") { Description = "why, for the record", Required = true };
        var perSecond = OptionParsers.Whole("--per-second", "so many a second at most [default: 50]", 1, 1000);
        var dryRun = new Option<bool>("--dry-run") { Description = "only say what would be done" };
        var who = new Option<string?>("--as") { Description = "who does it, for the record [default: USER]" };
        var redrive = new Command("redrive", "Has what failed tried again, in the order in which it failed, at a capped rate.") { ids, _operations, reason, perSecond, dryRun, who };
        Array.ForEach(Filters, redrive.Add);
        redrive.SetAction(async (parsed, cancel) =>
        {
            using var operations = Connect(parsed, parsed.GetValue(who));
            var request = new JsonObject { ["dryRun"] = parsed.GetValue(dryRun), ["perSecond"] = parsed.GetValue(perSecond) ?? 50 };
            if (parsed.GetValue(ids) is { Length: > 0 } given)
            {
                request["ids"] = new JsonArray([.. given.Select(one => (JsonNode)one)]);
            }

            foreach (var filter in Filters.Where(filter => parsed.GetValue(filter) is not null))
            {
                request[filter.Name[2..]] = parsed.GetValue(filter);
            }

            return await TellAsync(await operations.PostAsync($"api/dead-letters/redrive?reason={Uri.EscapeDataString(parsed.GetValue(reason)!)}", request, cancel));
        });
        return redrive;
    }

    private async Task<int> TellAsync(JsonNode plan)
    {
        var refused = plan["refused"]!.AsArray();
        foreach (var one in refused)
        {
            await _tool.Error.WriteLineAsync($"{one!["id"]}: {one["reason"]}");
        }

        var (matched, planned) = ((int)plan["matched"]!, (int)plan["planned"]!);
        var until = plan["doneAt"] is { } done ? string.Create(CultureInfo.InvariantCulture, $", the last at {(DateTimeOffset)done:HH:mm:ss}Z") : "";
        await _tool.Out.WriteLineAsync((bool)plan["dryRun"]!
            ? string.Create(CultureInfo.InvariantCulture, $"{planned} of {matched} would be tried again{until}. Nothing was done.")
            : string.Create(CultureInfo.InvariantCulture, $"{planned} of {matched} are tried again{until}. What comes of each is said in its ticket."));
        return planned == matched && matched > 0 ? ExitCode.Done : ExitCode.Refused;
    }

    private OperationsClient Connect(ParseResult parsed, string? who = null)
    {
        var name = who ?? _tool.Environment("USER") ?? "dead-letters";
        return new OperationsClient(parsed.GetValue(_operations) ?? new Uri("http://localhost:8090/"), _tool.Environment("OPERATOR_KEY"), name.Length > LongestName ? name[..LongestName] : name);
    }

    private Task WriteJsonAsync(JsonNode json) => _tool.Out.WriteLineAsync(json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));

    private static Option<string?> Text(string name, string description) => new(name) { Description = description };
}
