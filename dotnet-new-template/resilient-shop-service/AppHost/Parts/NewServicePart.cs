using AppHost.Resources;

namespace AppHost.Parts;

/// <summary>NewService in the topology. What it calls is added here: <c>.WithReference(...)</c> of a service or a server.</summary>
public sealed class NewServicePart : ITopologyPart
{
    /// <inheritdoc/>
    public void AddTo(Topology topology) => topology.AddService<Projects.NewService>("new-service");
}
