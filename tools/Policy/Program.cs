using Policy.CommandLine;
using Tools;

using var interruption = new Interruption();
return await PolicyCommandLine.RunAsync(args, PolicyTool.OfProcess(), interruption.Token);
