using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ResilientShop.ServiceDefaults.Data;

/// <summary>A service's own database.</summary>
public static class PostgresExtensions
{
    /// <summary>
    /// Registers a singleton <see cref="NpgsqlDataSource"/> for the connection string <paramref name="name"/>, with a health check.
    /// What the string leaves open gets defaults for many small services on one server: at most 12 connections, prepared statements.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="name">Name of the connection string, for example <c>ordersdb</c> for <c>ConnectionStrings__ordersdb</c>.</param>
    /// <returns>The complete connection string, for parts that open connections of their own. It holds the password: never log it.</returns>
    /// <exception cref="InvalidOperationException">The connection string is missing or cannot be read.</exception>
    public static string AddPostgres(this WebApplicationBuilder builder, string name)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        var connectionString = Complete(name, builder.Configuration.RequireConnectionString(name), builder.Environment.ApplicationName);
        builder.Services.AddNpgsqlDataSource(connectionString, source => source.ConfigureTracing(TraceWorkNotPolls));
        builder.Services.AddHealthChecks().AddCheck<PostgresHealthCheck>(name);
        builder.Services.AddExceptionHandler<DatabaseProblems>();
        return connectionString;
    }

    /// <summary>The connection string <paramref name="name"/>.</summary>
    /// <exception cref="InvalidOperationException">It is missing; the message names the variable to set.</exception>
    public static string RequireConnectionString(this IConfiguration configuration, string name)
    {
        var value = configuration.GetConnectionString(name);
        return !string.IsNullOrWhiteSpace(value)
            ? value
            : throw new InvalidOperationException(
                $"The connection string ConnectionStrings__{name} is missing. Set that environment variable; an AppHost that references the database does.");
    }

    /// <summary>A query without a request or a message around it is a poll or a probe; its trace would be noise.</summary>
    private static void TraceWorkNotPolls(NpgsqlTracingOptionsBuilder tracing) => tracing
        .EnablePhysicalOpenTracing(false)
        .ConfigureCommandFilter(_ => Activity.Current is not null)
        .ConfigureBatchFilter(_ => Activity.Current is not null);

    private static string Complete(string name, string connectionString, string applicationName)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException exception)
        {
            // The message names the keyword, never the value.
            throw new InvalidOperationException(
                $"The connection string ConnectionStrings__{name} cannot be read: {exception.Message} Expected for example Host=localhost;Port=5432;Database={name};Username=...;Password=...",
                exception);
        }

        // ContainsKey would not do: it is true for every keyword that exists.
        string[] given = [.. settings.Keys];
        Default("Maximum Pool Size", () => settings.MaxPoolSize = 12);
        Default("Max Auto Prepare", () => settings.MaxAutoPrepare = 50);
        Default("Timeout", () => settings.Timeout = 10);
        Default("Command Timeout", () => settings.CommandTimeout = 10);
        Default("Application Name", () => settings.ApplicationName = applicationName);
        return settings.ConnectionString;

        void Default(string keyword, Action set)
        {
            if (!given.Contains(keyword, StringComparer.OrdinalIgnoreCase))
            {
                set();
            }
        }
    }
}
