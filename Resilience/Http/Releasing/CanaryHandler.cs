namespace ResilientShop.Resilience.Http;

/// <summary>
/// Sends a call that the canary serves to where the canary is. It stands behind the tiers and before service discovery, so that a call of a release that was rolled back
/// goes to the stable one from its next attempt on. Thread-safe.
/// </summary>
internal sealed class CanaryHandler(Dependency dependency, Func<Uri, Uri> canaryOf) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var served = dependency.Release.Of(CallContext.Current.Channel);
        request.Options.Set(ReleaseChecks.Served, new ServedBy(dependency, served));
        if (served == ReleaseChannel.Stable)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var stable = request.RequestUri!;
        request.RequestUri = canaryOf(stable);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = stable;
        }
    }
}
