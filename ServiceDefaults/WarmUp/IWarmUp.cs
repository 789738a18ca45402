namespace ResilientShop.ServiceDefaults.WarmUp;

/// <summary>
/// Takes a service's hot paths once before traffic comes: code is compiled, connections are opened. It must leave no trace in any store, it may
/// run several times, and it may fail: a cold service is still a service.
/// </summary>
public interface IWarmUp
{
    /// <summary>Takes the paths once.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
