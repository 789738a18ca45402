using BenchmarkDotNet.Running;
using ResilientShop.Benchmarks.Gates;
using ResilientShop.Benchmarks.Policies;
using ResilientShop.Benchmarks.Sagas;

// `gate NAME` measures now and decides; anything else goes to BenchmarkDotNet, for the published tables.
return args switch
{
    ["gate", .. var names] => await GateCommand.RunAsync(names),
    [PolicyInstance.Command, var store, var name] => await PolicyInstance.RunAsync(store, name),
    [SagaReplica.Command, var connectionString, var count] => await SagaReplica.RunAsync(connectionString, count),
    _ => BenchmarkSwitcher.FromAssembly(typeof(GateCommand).Assembly).Run(args).Any() ? 0 : 1,
};
