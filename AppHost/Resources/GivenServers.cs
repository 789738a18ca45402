namespace ResilientShop.AppHost.Resources;

/// <summary>Servers that a team already has take the place of the ones that we would start.</summary>
internal static class GivenServers
{
    /// <summary>
    /// The server that <c>ConnectionStrings__<paramref name="name"/></c> points to or, where nothing is given, the one that
    /// <paramref name="start"/> adds.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString> GivenOr(
        this IDistributedApplicationBuilder builder,
        string name,
        Func<string, IResourceBuilder<IResourceWithConnectionString>> start) =>
        string.IsNullOrWhiteSpace(builder.Configuration[$"ConnectionStrings:{name}"])
            ? start(name)
            : builder.AddConnectionString(name);
}
