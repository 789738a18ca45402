namespace ResilientShop.Resilience.Http;

/// <summary>Told of each change of a service's degradation, once it is in effect, one after the other and in their order. It must be quick, and must not throw.</summary>
public interface IDegradationListener
{
    /// <summary>The service has changed.</summary>
    void OnChange(DegradationChange change);
}
