using System.Globalization;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Who drives sagas: one name a process, readable in the table.</summary>
internal sealed record SagaOwner(string Name)
{
    public static SagaOwner ThisProcess() => new(string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}"));
}
