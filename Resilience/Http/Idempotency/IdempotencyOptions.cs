using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>How idempotent endpoints are served. Bound from configuration section <c>Idempotency</c>; <see cref="Caller"/> is set in code.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>
    /// How long a request is safe from being taken over. Default one minute. It must be longer than the slowest handler: a handler that is slower
    /// may see a retry run beside it. After a crash the key is blocked for this long.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Largest request body that is read, in bytes. Default 1 MiB; a longer one is answered 413. The body is read whole before the handler runs.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int MaxRequestBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Largest response body that is kept, in bytes. Default 256 KiB, at most <see cref="StoredAnswer.MaxBodyBytes"/>. A longer one is sent to
    /// the first caller; a repeat does not act again, and gets 409 <see cref="IdempotencyCodes.AnswerNotKept"/>.
    /// </summary>
    [Range(0, StoredAnswer.MaxBodyBytes)]
    public int MaxAnswerBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// Longest <c>Retry-After</c> for a request whose first delivery is still under way. Default 1 s, sent in whole seconds, at least one; less when
    /// the lease ends sooner.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Names of the response headers that are kept besides <c>Content-Type</c>. Headers that belong to one delivery (<c>Date</c>, trace ids,
    /// <c>Set-Cookie</c>) don't.
    /// </summary>
    [Required]
    public ISet<string> KeptHeaders { get; } = new SortedSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Encoding", "Content-Language", "Content-Location", "ETag", "Last-Modified", "Link", "Location", "Retry-After", "Vary",
    };

    /// <summary>
    /// Tells callers apart, for example by tenant, so that one cannot read the answer of another whose key it knows. Null when there is nothing
    /// to tell them by. The default is the authenticated user's name identifier (claim <c>sub</c>).
    /// </summary>
    [Required]
    public Func<HttpContext, string?> Caller { get; set; } = AuthenticatedUser;

    private static string? AuthenticatedUser(HttpContext context) =>
        context.User.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? context.User.FindFirst("sub")?.Value;
}
