using ResilientShop.Policy.CommandLine;
using ResilientShop.Tools;

using var interruption = new Interruption();
return await PolicyCommandLine.RunAsync(args, PolicyTool.OfProcess(), interruption.Token);
