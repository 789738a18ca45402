namespace AppHost.Embedded.Runtime;

/// <summary>The order in which instances are stopped.</summary>
internal static class StopOrder
{
    /// <summary>Layers to stop one after the other: nothing is stopped while something that needs it still runs.</summary>
    public static IReadOnlyList<IReadOnlyList<ResourceInstance>> Layers(IReadOnlyList<ResourceInstance> instances)
    {
        var left = instances.ToList();
        var layers = new List<IReadOnlyList<ResourceInstance>>();
        while (left.Count > 0)
        {
            var layer = left.Where(candidate => !left.Any(other => other != candidate && Needs(other, candidate))).ToArray();

            // A cycle cannot be ordered; its members stop together.
            layer = layer.Length > 0 ? layer : [.. left];
            layers.Add(layer);
            left.RemoveAll(layer.Contains);
        }

        return layers;
    }

    private static bool Needs(ResourceInstance instance, ResourceInstance other) =>
        instance.Resource != other.Resource
        && (instance.Resource.WaitsFor.Contains(other.Resource)
            || instance.Resource.References.Contains(other.Resource)
            || instance.Resource.Parent == other.Resource);
}
