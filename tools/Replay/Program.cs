using Replay.CommandLine;
using Replay.Reporting;
using Tools;

using var interruption = new Interruption();
return await ReplayCommand.RunAsync(args, ReplayConsole.OfProcess(), TimeProvider.System, interruption.Token);
