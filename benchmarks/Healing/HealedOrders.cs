using System.Text.Json;

namespace ResilientShop.Benchmarks.Healing;

/// <summary>What became of the orders whose payment failed hard: seconds from the failure to the ticket and to the end of the healing, sorted.</summary>
/// <param name="Letters">Letters there were.</param>
/// <param name="Healed">Of these, so many tickets are resolved.</param>
/// <param name="ToTicket">From each failure to its ticket.</param>
/// <param name="ToHealed">From each failure to its resolved ticket.</param>
/// <param name="ReplayExitCode">What the replay tool said of the books: 0 balanced.</param>
internal sealed record HealedOrders(int Letters, int Healed, double[] ToTicket, double[] ToHealed, int ReplayExitCode)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends real orders for a minute, one payment in twenty failing hard for 4 s, and waits until nothing is being healed.</summary>
    public static async Task<HealedOrders> MeasureAsync(HealingShop shop, string root)
    {
        // The first letters of a shop's life make their topic; what is measured is its daily life.
        await shop.SetWeatherAsync(0.3, 2500);
        await ReplayAsync(shop, root, limit: 40, repeat: 1);
        await SettleAsync(shop);
        var before = (await LettersAsync(shop)).Select(letter => letter.GetProperty("id").GetGuid()).ToHashSet();
        await shop.SetWeatherAsync(0.05, 4000);
        var exitCode = await ReplayAsync(shop, root, limit: 0, repeat: 14);
        await shop.SetWeatherAsync(0, 0);
        await SettleAsync(shop);

        var tickets = (await shop.GetAsync("/api/tickets?most=1000")).EnumerateArray().ToDictionary(ticket => ticket.GetProperty("number").GetInt64());
        var pairs = (await LettersAsync(shop)).Where(letter => !before.Contains(letter.GetProperty("id").GetGuid()))
            .Select(letter => (FailedAt: letter.GetProperty("failedAt").GetDateTimeOffset(), Ticket: tickets[letter.GetProperty("ticket").GetInt64()])).ToList();
        var healed = pairs.Where(pair => pair.Ticket.GetProperty("status").GetString() == "resolved").ToList();
        return new HealedOrders(pairs.Count, healed.Count, Times(pairs, "openedAt"), Times(healed, "changedAt"), exitCode);
    }

    private static double[] Times(IEnumerable<(DateTimeOffset FailedAt, JsonElement Ticket)> pairs, string field) =>
        [.. pairs.Select(pair => (pair.Ticket.GetProperty(field).GetDateTimeOffset() - pair.FailedAt).TotalSeconds).Order()];

    private static async Task<List<JsonElement>> LettersAsync(HealingShop shop) => [.. (await shop.GetAsync("/api/dead-letters?most=1000")).EnumerateArray()];

    private static Task<int> ReplayAsync(HealingShop shop, string root, int limit, int repeat) => HealingShop.RunAsync(
        root,
        [
            "run", "--project", Path.Combine(root, "tools/Replay"), "--", Path.Combine(root, "data/online-retail/2010-12-01.csv"), "--gateway", shop.Gateway, "--rate", "30", "--concurrency", "128",
            "--repeat", repeat.ToString(System.Globalization.CultureInfo.InvariantCulture), .. limit > 0 ? new[] { "--limit", limit.ToString(System.Globalization.CultureInfo.InvariantCulture) } : [],
        ]);

    private static async Task SettleAsync(HealingShop shop)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!patience.IsCancellationRequested)
        {
            var tickets = await shop.GetAsync("/api/tickets?most=1000");
            if (tickets.EnumerateArray().All(ticket => ticket.GetProperty("status").GetString() is "resolved" or "escalated"))
            {
                return;
            }

            await Task.Delay(250);
        }
    }
}
