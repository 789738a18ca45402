using System.Collections.Concurrent;
using System.Net;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>The promise: a retried POST never acts twice.</summary>
public sealed class LostRepliesTests(PostgresServer server)
{
    private const int LostReplies = 10_000;
    private const int Concurrency = 32;

    /// <summary>Every order loses one reply or two, in ways that networks have, and is sent again until an answer arrives.</summary>
    [Theory]
    [InlineData(ShopOnLoopback.Transactional)]
    [InlineData(ShopOnLoopback.StoredByMiddleware)]
    public async Task Ten_thousand_posts_whose_replies_are_lost_leave_no_duplicate_order_or_charge(string path)
    {
        await using var shop = await ShopOnLoopback.StartAsync(server);
        var lossy = new LossyNetwork(shop);
        using var client = new HttpClient(lossy) { BaseAddress = shop.Address };
        var answers = new ConcurrentDictionary<string, string>();

        // One and two lost replies by turns, so that 10,000 are lost in all.
        var orders = Enumerable.Range(0, ((LostReplies * 2) + 2) / 3).Select(i => (Key: $"order-{i}", Losses: 1 + (i % 2)));
        await Parallel.ForEachAsync(
            orders,
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = TestContext.Current.CancellationToken },
            async (order, cancel) => answers[order.Key] = await PostUntilAnsweredAsync(client, path, order.Key, order.Losses, cancel));

        lossy.Lost.ShouldBe(LostReplies);
        TestContext.Current.TestOutputHelper?.WriteLine($"{answers.Count} keys, {shop.Requests} requests, {lossy.Lost} lost replies, {lossy.HangUps} of them hang-ups, {lossy.Conflicts} in progress");
        (await shop.ScalarAsync("SELECT count(*) FROM orders")).ShouldBe(answers.Count);
        (await shop.ScalarAsync("SELECT count(DISTINCT key) FROM orders")).ShouldBe(answers.Count);
        (await shop.ScalarAsync("SELECT count(*) FROM charges")).ShouldBe(answers.Count);
        (await shop.ScalarAsync("SELECT count(*) FROM charges c JOIN orders o ON o.key = c.key AND o.id = c.order_id")).ShouldBe(answers.Count);

        // Every answer that left the server for a key, lost or not, is the same one.
        lossy.Seen.Count.ShouldBe(answers.Count);
        lossy.Seen.Values.ShouldAllBe(seen => seen.Distinct().Count() == 1);
        answers.ShouldAllBe(answer => lossy.Seen[answer.Key].Contains(answer.Value));
        answers.Values.Distinct().Count().ShouldBe(answers.Count);
    }

    private static async Task<string> PostUntilAnsweredAsync(HttpClient client, string path, string key, int losses, CancellationToken cancellationToken)
    {
        for (var delivery = 0; ; delivery++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent($"{{\"amount\":{key.Length}}}") };
            request.Headers.Add(ResilienceHeaders.IdempotencyKey, key);
            request.Options.Set(LossyNetwork.Loss, delivery >= losses ? LossKind.None : LossyNetwork.KindOf(key, delivery));
            try
            {
                using var response = await client.SendAsync(request, cancellationToken);
                if (response.StatusCode != HttpStatusCode.Conflict)
                {
                    return await LossyNetwork.DescribeAsync(response);
                }
            }
            catch (HttpRequestException)
            {
                // Nobody knows whether the order was placed; that is what the key is for.
                continue;
            }

            // The first delivery is still at work, for a moment. Real clients wait as Retry-After says.
            await Task.Yield();
        }
    }
}
