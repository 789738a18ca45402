using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Operations;

/// <summary>A Jira that keeps what it is sent, and can be down, unwilling, or lose its answers.</summary>
internal sealed class FakeJira : IAsyncDisposable
{
    public const string Authorization = "Basic c3JlQGV4YW1wbGUuY29tOnNlY3JldC10b2tlbg==";

    private StubServer _server = null!;
    private int _number;

    public ConcurrentDictionary<string, Issue> Issues { get; } = new();

    /// <summary>What it answers to everything; null while it is well.</summary>
    public int? Status { get; set; }

    /// <summary>Answers of the next writes are lost after they had their effect.</summary>
    public int LostAnswers { get; set; }

    /// <summary>Summaries that it refuses.</summary>
    public string? Refuses { get; set; }

    /// <summary>Summaries at which it breaks, each time.</summary>
    public string? BreaksAt { get; set; }

    /// <summary>When it wants to be asked again, with each <see cref="Status"/>; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; set; }

    /// <summary>What it answers to searches; null while it finds.</summary>
    public int? SearchStatus { get; set; }

    public ConcurrentQueue<string> Requests { get; } = new();

    public (string, string)[] Settings =>
    [
        ("Jira:Url", _server.Address.ToString()), ("Jira:Email", "sre@example.com"), ("Jira:ApiToken", "secret-token"), ("Jira:Project", "SRE"), ("Jira:Priorities:P1", "Highest"),
        ("Jira:Look", "00:00:00.050"), ("Jira:SearchAfter", "00:00:00.100"), ("Jira:LongestPause", "00:00:00.200"),
    ];

    public static async Task<FakeJira> StartAsync()
    {
        var jira = new FakeJira();
        jira._server = await StubServer.StartAsync(jira.AnswerAsync);
        return jira;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        Requests.Enqueue($"{http.Request.Method} {http.Request.Path}");
        if (Status is { } status)
        {
            http.Response.StatusCode = status;
            if (RetryAfter is { } later)
            {
                http.Response.Headers.RetryAfter = later.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            }

            return;
        }

        if (http.Request.Headers.Authorization != Authorization)
        {
            http.Response.StatusCode = 401;
            return;
        }

        var body = http.Request.Method == HttpMethods.Post ? await JsonSerializer.DeserializeAsync<JsonNode>(http.Request.Body) : null;
        var (code, answer) = http.Request.Path.Value!.Split('/')[4..] switch
        {
            ["issue"] => Create(body!["fields"]!),
            ["search", "jql"] when SearchStatus is { } refused => (refused, new { errorMessages = new[] { "Field 'labels' cannot be searched." } }),
            ["search", "jql"] => (200, new { issues = Find(http.Request.Query["jql"].ToString()) }),
            ["issue", var key, "comment"] when body is not null => Comment(key, body),
            ["issue", var key, "comment"] => (200, new { comments = Issues[key].Comments.Reverse().Select(text => new { body = text }) }),
            ["issue", var key, "transitions"] when body is not null => Move(key, (string)body["transition"]!["id"]!),
            ["issue", _, "transitions"] => (200, (object)new { transitions = new[] { new { id = "21", name = "Start", to = new { name = "In Progress" } }, new { id = "31", name = "Finish", to = new { name = "Done" } } } }),
            _ => (404, new { }),
        };
        if (LostAnswers > 0 && body is not null && code < 300)
        {
            LostAnswers--;
            http.Abort();
            return;
        }

        await Results.Json(answer, statusCode: code).ExecuteAsync(http);
    }

    private (int, object) Create(JsonNode fields)
    {
        if (Refuses is not null && ((string)fields["summary"]!).StartsWith(Refuses, StringComparison.Ordinal))
        {
            return (400, new { errors = new { priority = "Field 'priority' cannot be set." } });
        }

        if (BreaksAt is not null && ((string)fields["summary"]!).StartsWith(BreaksAt, StringComparison.Ordinal))
        {
            return (500, new { });
        }

        var key = $"SRE-{Interlocked.Increment(ref _number)}";
        Issues[key] = new Issue(fields);
        return (201, new { id = "1", key });
    }

    private object[] Find(string query) => [.. Issues.Where(issue => issue.Value.Fields["labels"]!.AsArray().Any(label => query.Contains($"\"{label}\"", StringComparison.Ordinal))).Select(issue => new { key = issue.Key })];

    private (int, object) Comment(string key, JsonNode body)
    {
        Issues[key].Comments.Enqueue((string)body["body"]!["content"]![0]!["content"]![0]!["text"]!);
        return (201, new { id = "7" });
    }

    private (int, object) Move(string key, string way)
    {
        Issues[key].Status = way == "31" ? "Done" : "In Progress";
        return (204, new { });
    }

    internal sealed class Issue(JsonNode fields)
    {
        public JsonNode Fields => fields;

        public string Status { get; set; } = "To Do";

        public ConcurrentQueue<string> Comments { get; } = new();
    }
}
