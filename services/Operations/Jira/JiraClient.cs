using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ResilientShop.Operations.Healing;

namespace ResilientShop.Operations.Jira;

/// <summary>What is needed of Jira's REST API v3 (developer.atlassian.com/cloud/jira/platform/rest/v3), through the tiers of dependency <c>jira</c>. Thread-safe.</summary>
internal sealed class JiraClient(IHttpClientFactory clients, IOptions<JiraOptions> options)
{
    /// <summary>Name of the client and of the dependency.</summary>
    public const string Client = "jira";

    /// <summary>How much of an answer is told.</summary>
    private const int LongestAnswer = 300;

    private readonly JiraOptions _options = options.Value;

    /// <summary>The label by which the issue of a ticket is found again.</summary>
    public static string LabelOf(TicketView ticket) => $"letter-{ticket.LetterId}";

    /// <summary>Sets the client up.</summary>
    public static void SetUp(JiraOptions options, HttpClient client)
    {
        client.BaseAddress = options.Url;
        client.DefaultRequestHeaders.Authorization = options.Email is { Length: > 0 } email
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{options.ApiToken}")))
            : new AuthenticationHeaderValue("Bearer", options.ApiToken);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>The issue of a ticket; null where there is none.</summary>
    /// <exception cref="JiraException">It could not be asked.</exception>
    public async Task<string?> FindAsync(TicketView ticket, CancellationToken cancellationToken)
    {
        var query = Uri.EscapeDataString($"project = \"{_options.Project}\" AND labels = \"{LabelOf(ticket)}\"");
        var found = await SendAsync(HttpMethod.Get, $"/rest/api/3/search/jql?jql={query}&fields=status&maxResults=1", body: null, cancellationToken);
        return found?["issues"]?.AsArray() is [{ } issue, ..] ? (string?)issue["key"] : null;
    }

    /// <summary>Makes an issue.</summary>
    /// <returns>Its key.</returns>
    /// <exception cref="JiraException">It was not made, or nobody knows: see <see cref="JiraException.IsInDoubt"/>.</exception>
    public async Task<string> CreateAsync(TicketView ticket, CancellationToken cancellationToken)
    {
        var made = await SendAsync(
            HttpMethod.Post,
            "/rest/api/3/issue",
            new JsonObject
            {
                ["fields"] = new JsonObject
                {
                    ["project"] = new JsonObject { ["key"] = _options.Project },
                    ["issuetype"] = new JsonObject { ["name"] = _options.IssueType },
                    ["summary"] = ticket.Summary,
                    ["priority"] = new JsonObject { ["name"] = _options.Priorities.GetValueOrDefault(ticket.Priority, ticket.Priority) },
                    ["labels"] = new JsonArray([.. ticket.Labels.Append(LabelOf(ticket)).Select(label => (JsonNode)label)]),
                    ["description"] = Document($"Ticket {ticket.Number} of Operations, for dead letter {ticket.LetterId}."),
                },
            },
            cancellationToken);
        return (string?)made?["key"] ?? throw new JiraException("Jira made an issue and did not say which.", isInDoubt: true);
    }

    /// <summary>Whether a text is among the newest comments.</summary>
    /// <exception cref="JiraException">It could not be asked.</exception>
    public async Task<bool> HasCommentAsync(string issue, string text, CancellationToken cancellationToken)
    {
        var comments = await SendAsync(HttpMethod.Get, $"/rest/api/3/issue/{issue}/comment?orderBy=-created&maxResults=20", body: null, cancellationToken);
        return comments?["comments"]?.AsArray().Any(comment => comment!.ToJsonString().Contains(JsonEncodedText.Encode(text).ToString(), StringComparison.Ordinal)) is true;
    }

    /// <summary>Adds a comment.</summary>
    /// <exception cref="JiraException">It was not added, or nobody knows.</exception>
    public Task CommentAsync(string issue, string text, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"/rest/api/3/issue/{issue}/comment", new JsonObject { ["body"] = Document(text) }, cancellationToken);

    /// <summary>Moves an issue to a status, where its workflow has a way there. One that is there already stays.</summary>
    /// <returns>Whether there was a way.</returns>
    /// <exception cref="JiraException">It could not be moved.</exception>
    public async Task<bool> MoveAsync(string issue, string status, CancellationToken cancellationToken)
    {
        var ways = await SendAsync(HttpMethod.Get, $"/rest/api/3/issue/{issue}/transitions", body: null, cancellationToken);
        var way = ways?["transitions"]?.AsArray().FirstOrDefault(way => string.Equals((string?)way?["to"]?["name"], status, StringComparison.OrdinalIgnoreCase));
        if ((string?)way?["id"] is not { } id)
        {
            return false;
        }

        await SendAsync(HttpMethod.Post, $"/rest/api/3/issue/{issue}/transitions", new JsonObject { ["transition"] = new JsonObject { ["id"] = id } }, cancellationToken);
        return true;
    }

    /// <summary>Atlassian's document format, a paragraph.</summary>
    private static JsonObject Document(string text) => new()
    {
        ["type"] = "doc",
        ["version"] = 1,
        ["content"] = new JsonArray(new JsonObject
        {
            ["type"] = "paragraph", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text.Length > 0 ? text : " " }),
        }),
    };

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.AskWithin);
        try
        {
            using var answer = await client.SendAsync(request, patience.Token);
            var text = await answer.Content.ReadAsStringAsync(patience.Token);
            return answer.IsSuccessStatusCode ? text.Length == 0 ? null : JsonNode.Parse(text) : throw Refused(answer, text);
        }
        catch (HttpRequestException exception)
        {
            throw new JiraException($"Jira cannot be reached ({exception.HttpRequestError}).", isInDoubt: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new JiraException("Jira did not answer in time.", isInDoubt: true);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new JiraException($"Jira answered something that is not understood: {exception.Message}", isInDoubt: true);
        }
    }

    private static JiraException Refused(HttpResponseMessage answer, string text)
    {
        var status = (int)answer.StatusCode;
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new JiraException(
                $"Jira answered {status}: check {JiraOptions.Section}:{nameof(JiraOptions.Email)}, {JiraOptions.Section}:{nameof(JiraOptions.ApiToken)} and what they may do in the project.", isInDoubt: false),
            HttpStatusCode.TooManyRequests => new JiraException("Jira answered 429: it is asked less often.", isInDoubt: false) { RetryAfter = answer.Headers.RetryAfter?.Delta },
            >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => new JiraException($"Jira answered {status}.", isInDoubt: true),
            _ => new JiraException($"Jira refused it with {status}: {(text.Length > LongestAnswer ? text[..LongestAnswer] : text)}", isInDoubt: false) { IsRefused = true },
        };
    }
}

/// <summary>Jira did not do what it was asked. The message says why, without secrets.</summary>
internal sealed class JiraException(string message, bool isInDoubt) : Exception(message)
{
    /// <summary>Whether it may have done it all the same.</summary>
    public bool IsInDoubt => isInDoubt;

    /// <summary>Whether it will refuse it again, whenever it is asked: another ticket can go on.</summary>
    public bool IsRefused { get; init; }

    /// <summary>When it wants to be asked again.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
