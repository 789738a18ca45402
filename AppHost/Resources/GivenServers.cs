namespace AppHost.Resources;

/// <summary>Servers that a team already has take the place of the ones that we would start.</summary>
internal static class GivenServers
{
    /// <summary>
    /// The server that <c>ConnectionStrings__<paramref name="name"/></c> points to or, where nothing is given, the one that
    /// <paramref name="start"/> adds. Some servers have a variable of their own that says where they are, <paramref name="variable"/>.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString> GivenOr(
        this IDistributedApplicationBuilder builder,
        string name,
        Func<string, IResourceBuilder<IResourceWithConnectionString>> start,
        string? variable = null)
    {
        var key = $"ConnectionStrings:{name}";
        if (string.IsNullOrWhiteSpace(builder.Configuration[key]) && variable is not null)
        {
            builder.Configuration[key] = builder.Configuration[variable];
        }

        return string.IsNullOrWhiteSpace(builder.Configuration[key]) ? start(name) : builder.AddConnectionString(name);
    }
}
