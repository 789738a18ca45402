using AppHost.Tests.Fakes;
using CsCheck;

namespace AppHost.Tests;

public sealed class StopOrderTests
{
    // Edges only from later to earlier resources, so that there is an order.
    private static readonly Gen<bool[][]> Graphs = Gen.Bool.Array[12].Array[1, 12];

    [Fact]
    public void Nothing_is_stopped_while_something_that_needs_it_runs() => Graphs.Sample(
        edges =>
        {
            var resources = edges.Select((_, i) => new FakeResource($"r{i}")).ToArray();
            for (var i = 0; i < edges.Length; i++)
            {
                resources[i].WaitsFor.AddRange(resources.Take(i).Where((_, j) => edges[i][j]));
            }

            var instances = Instances(resources);
            var layerOf = StopOrder.Layers(instances).SelectMany((layer, index) => layer.Select(instance => (instance.Resource, index))).ToDictionary(pair => pair.Resource, pair => pair.index);

            layerOf.Count.ShouldBe(resources.Length);
            foreach (var resource in resources)
            {
                foreach (var needed in resource.WaitsFor)
                {
                    layerOf[resource].ShouldBeLessThan(layerOf[needed]);
                }
            }
        },
        iter: 300);

    [Fact]
    public void Resources_that_need_each_other_are_stopped_together()
    {
        var (one, other, server) = (new FakeResource("one"), new FakeResource("other"), new FakeResource("server"));
        one.References.Add(other);
        other.References.Add(one);
        one.References.Add(server);

        var layers = StopOrder.Layers(Instances(one, other, server));

        layers.SelectMany(layer => layer).Count().ShouldBe(3);
    }

    private static ResourceInstance[] Instances(params FakeResource[] resources)
    {
        var host = new EmbeddedHost(resources, new EmbeddedOptions { CachePath = "/nowhere", Quiet = true }, "Development");
        return [.. resources.Select(resource => new ResourceInstance(host, resource, 0))];
    }
}
