using BenchmarkDotNet.Running;
using ResilientShop.Benchmarks.Gates;
using ResilientShop.Benchmarks.Policies;

// `gate NAME` measures now and decides; anything else goes to BenchmarkDotNet, for the published tables.
return args switch
{
    ["gate", .. var names] => await GateCommand.RunAsync(names),
    [PolicyInstance.Command, var store, var name] => await PolicyInstance.RunAsync(store, name),
    _ => BenchmarkSwitcher.FromAssembly(typeof(GateCommand).Assembly).Run(args).Any() ? 0 : 1,
};
