using BenchmarkDotNet.Running;
using ResilientShop.Benchmarks.Gates;

// `gate NAME` measures now and decides; anything else goes to BenchmarkDotNet, for the published tables.
return args is ["gate", .. var names]
    ? await GateCommand.RunAsync(names)
    : BenchmarkSwitcher.FromAssembly(typeof(GateCommand).Assembly).Run(args).Any() ? 0 : 1;
