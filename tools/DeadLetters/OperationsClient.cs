using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeadLetters;

/// <summary>The dead letters of Operations, over its API.</summary>
internal sealed class OperationsClient(Uri address, string? key, string name) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose() => _http.Dispose();

    /// <exception cref="OperationsException">It cannot be asked, or refuses; the message says what to do.</exception>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken) => await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <exception cref="OperationsException">It cannot be asked, or refuses; the message says what to do.</exception>
    public async Task<JsonNode> PostAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        await SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body), Headers = { { "X-Operator-Key", key ?? "" }, { "X-Operator", name } } }, cancellationToken);

    private async Task<JsonNode> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                using var answer = await _http.SendAsync(request, cancellationToken);
                var text = await answer.Content.ReadAsStringAsync(cancellationToken);
                return answer.IsSuccessStatusCode
                    ? JsonNode.Parse(text)!
                    : throw new OperationsException(
                        answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? ExitCode.NoAccess : ExitCode.Refused, Explain(answer.StatusCode, text));
            }
            catch (HttpRequestException exception)
            {
                throw new OperationsException(ExitCode.NoAccess, $"{address} cannot be reached ({exception.HttpRequestError}). Is the shop running? Its address is --operations.");
            }
            catch (JsonException)
            {
                throw new OperationsException(ExitCode.NoAccess, $"{address} answers something else than Operations does.");
            }
        }
    }

    private static string Explain(HttpStatusCode status, string text)
    {
        if (status == HttpStatusCode.Unauthorized)
        {
            return "Operations wants the operator's key: set OPERATOR_KEY to what it was started with (Operator__Key).";
        }

        try
        {
            var problem = JsonNode.Parse(text)!;
            var errors = problem["errors"]?.AsObject().SelectMany(field => field.Value!.AsArray().Select(error => (string)error!)).ToList() ?? [];
            return errors.Count > 0 ? string.Join(Environment.NewLine, errors) : (string?)problem["detail"] ?? $"Operations answered {(int)status}.";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return $"Operations answered {(int)status}.";
        }
    }
}

/// <summary>Operations did not do it. The message is for a terminal.</summary>
internal sealed class OperationsException(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;
}
