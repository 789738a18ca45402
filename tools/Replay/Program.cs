using ResilientShop.Replay.CommandLine;
using ResilientShop.Replay.Reporting;
using ResilientShop.Tools;

using var interruption = new Interruption();
return await ReplayCommand.RunAsync(args, ReplayConsole.OfProcess(), TimeProvider.System, interruption.Token);
