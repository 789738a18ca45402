using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Gives each session its release channel, at the edge. Who sends header <see cref="ResilienceHeaders.ReleaseChannel"/> chooses, for the rest of the session; of the others
/// the releases under way get their share, drawn by the session; a release of which this edge knows no canary (<c>AddCanary</c>), such as that of a Kafka consumer, draws none.
/// A cookie is the session: a random number and perhaps a choice, nothing that must be kept secret.
/// </summary>
public static class ReleaseSessions
{
    /// <summary>Name of the cookie.</summary>
    public const string Cookie = "release-session";

    private const int LongestSession = 32;

    /// <summary>Puts the channel into the request's header, for the middleware and the services behind. Place it at the edge, before <c>UseCallContext</c>.</summary>
    public static IApplicationBuilder UseReleaseSessions(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var releases = app.ApplicationServices.GetService<ReleaseState>();
        var canaries = app.ApplicationServices.GetService<CanaryAddresses>();
        var metrics = app.ApplicationServices.GetRequiredService<ResilienceMetrics>();
        return app.Use((http, next) =>
        {
            Assign(http, releases?.Current, canaries, metrics);
            return next(http);
        });
    }

    private static void Assign(HttpContext http, IReadOnlyDictionary<string, FleetRelease>? releases, CanaryAddresses? canaries, ResilienceMetrics metrics)
    {
        var header = http.Request.Headers[ResilienceHeaders.ReleaseChannel].ToString();
        var isChosen = ReleaseChannels.TryParse(header, out var channel);
        if (header.Length > 0 && !isChosen)
        {
            metrics.HeaderIgnored(ResilienceHeaders.ReleaseChannel);
            http.Request.Headers.Remove(ResilienceHeaders.ReleaseChannel);
        }

        var hasSession = TryReadSession(http.Request.Cookies[Cookie], out var session, out var earlier);
        var analysed = releases?.Where(release => release.Value.Stage == ReleaseStage.Analysing && canaries?.Find(release.Key) is not null).Select(release => release.Value).ToList() ?? [];
        if (!isChosen && !hasSession && analysed.Count == 0)
        {
            return; // Nothing to remember: no cookie.
        }

        session ??= Guid.NewGuid().ToString("N");
        var choice = isChosen ? channel : earlier;
        if (!hasSession || choice != earlier)
        {
            http.Response.Cookies.Append(
                Cookie, choice is { } remembered ? $"{session}.{remembered.ToName()}" : session, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true });
        }

        channel = choice ?? (analysed.Any(release => ReleaseSplit.IsCanary(release.Id, session, release.Share)) ? ReleaseChannel.Canary : ReleaseChannel.Stable);
        http.Request.Headers[ResilienceHeaders.ReleaseChannel] = channel.ToName();

        // At the last moment: a proxy adds what the service behind it says to what is there.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[ResilienceHeaders.ReleaseChannel] = channel.ToName();
            return Task.CompletedTask;
        });
    }

    /// <summary>Reads <c>SESSION</c> or <c>SESSION.CHANNEL</c>. What is no such thing was not made here and is replaced.</summary>
    private static bool TryReadSession(string? cookie, [NotNullWhen(true)] out string? session, out ReleaseChannel? choice)
    {
        (session, choice) = (null, null);
        if (cookie?.Split('.') is not { Length: 1 or 2 } parts || parts[0].Length != LongestSession || !parts[0].All(char.IsAsciiHexDigitLower))
        {
            return false;
        }

        if (parts.Length == 2)
        {
            if (!ReleaseChannels.TryParse(parts[1], out var channel))
            {
                return false;
            }

            choice = channel;
        }

        session = parts[0];
        return true;
    }
}
