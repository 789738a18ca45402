using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Jira;

/// <summary>Jira's place in the service: nowhere without <c>Jira:Url</c>.</summary>
internal static class JiraRegistration
{
    public static void AddJira(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<JiraOptions>().BindConfiguration(JiraOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        var options = builder.Configuration.GetSection(JiraOptions.Section).Get<JiraOptions>() ?? new JiraOptions();
        if (options.Url is null)
        {
            return;
        }

        builder.Services.AddResilientHttpClient(JiraClient.Client, client => JiraClient.SetUp(options, client));
        builder.Services.AddSingleton<JiraClient>();
        builder.Services.AddSingleton<JiraTable>();
        builder.Services.AddHostedService<JiraMirror>();
    }
}
