using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>
/// Asks other services, and acts on their sagas as an operator, each through the tiers of its dependency. Only services that discovery knows are asked. Thread-safe.
/// </summary>
internal sealed class ServiceDoor(IHttpClientFactory clients, IConfiguration configuration, IOptions<HealingOptions> options)
{
    private const string CanarySuffix = "-canary";

    private readonly HashSet<string> _known = [.. NamesIn(configuration)];

    /// <summary>The services that may be asked: those that discovery knows, canaries not.</summary>
    public static IEnumerable<string> NamesIn(IConfiguration configuration) => configuration.GetSection("services").GetChildren()
        .Select(service => service.Key).Where(name => !name.EndsWith(CanarySuffix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Name of the client, and of the dependency.</summary>
    public static string ClientOf(string service) => service;

    public bool Knows(string service) => _known.Contains(service);

    /// <summary>Reads what a service says.</summary>
    /// <returns>Null where it says 404.</returns>
    /// <exception cref="ServiceSilentException">It could not be reached, or answered with something else; the message says what.</exception>
    public async Task<T?> ReadAsync<T>(string service, string path, CancellationToken cancellationToken)
        where T : class
    {
        using var answer = await SendAsync(service, HttpMethod.Get, path, by: null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        Require(service, answer, answer.IsSuccessStatusCode);
        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(JsonSerializerOptions.Web, cancellationToken);
        }
        catch (JsonException exception)
        {
            throw new ServiceSilentException($"{service} answered something that is not understood: {exception.Message}");
        }
    }

    /// <summary>Does something to a saga in somebody's name: <c>retry</c>, only while it waits, or <c>compensate</c> for a reason, only while it is held.</summary>
    /// <returns>Null when it is done; else why it is not applicable where the saga is now.</returns>
    /// <exception cref="ServiceSilentException">It could not be reached, or answered with something else; the message says what.</exception>
    public async Task<string?> ActAsync(string service, Guid saga, string action, string? reason, string by, CancellationToken cancellationToken)
    {
        // What was held when somebody looked may be confirmed by now, or being tried.
        var query = reason is null ? "?onlyWaiting=true" : $"?reason={Uri.EscapeDataString(reason)}&onlyIf=held";
        using var answer = await SendAsync(service, HttpMethod.Post, $"/sagas/{saga}/{action}{query}", by, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            return await DetailAsync(answer, cancellationToken);
        }

        Require(service, answer, answer.IsSuccessStatusCode);
        return null;
    }

    private async Task<HttpResponseMessage> SendAsync(string service, HttpMethod method, string path, string? by, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ClientOf(service));
        using var request = new HttpRequestMessage(method, path);
        if (by is not null)
        {
            request.Headers.Add("X-Operator-Key", configuration["Operator:ServiceKey"] ?? configuration["Operator:Key"] ?? "");
            request.Headers.Add("X-Operator", by);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.AskWithin);
        try
        {
            // With its body: an answer that stalls is none.
            return await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, patience.Token);
        }
        catch (HttpRequestException exception)
        {
            throw new ServiceSilentException($"{service} could not be reached: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServiceSilentException($"{service} did not answer in time.");
        }
    }

    private static void Require(string service, HttpResponseMessage answer, bool isRight)
    {
        if (!isRight)
        {
            throw new ServiceSilentException(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                ? $"{service} takes no orders from here ({(int)answer.StatusCode}): give it and Operations the same Operator__ServiceKey."
                : $"{service} answered {(int)answer.StatusCode}.");
        }
    }

    private static async Task<string> DetailAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return (await answer.Content.ReadFromJsonAsync<Problem>(JsonSerializerOptions.Web, cancellationToken))?.Detail ?? $"It answered {(int)answer.StatusCode}.";
        }
        catch (JsonException)
        {
            return $"It answered {(int)answer.StatusCode}.";
        }
    }

    private sealed record Problem(string? Detail);
}

/// <summary>A service does not say what it was asked. The message says why.</summary>
internal sealed class ServiceSilentException(string message) : Exception(message);

/// <summary>What is read of a saga.</summary>
internal sealed record SagaState(string Definition, string Status, string? LastErrorCode, string? LastError)
{
    /// <summary>Whether its way is not known yet.</summary>
    public bool IsUnderWay => Status is "running" or "compensating";
}

/// <summary>What is read of a pipeline.</summary>
internal sealed record PipelineState(string Dependency, IReadOnlyList<BreakerState> Breakers);

/// <summary>What is read of a breaker.</summary>
internal sealed record BreakerState(string Channel, string State);
