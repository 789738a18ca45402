using System.Globalization;
using CsCheck;

namespace Resilience.Tests.Messaging;

/// <summary>Whatever comes in whatever batches, with restarts in between: what the model says, and nothing twice.</summary>
public sealed class ConsumerModelTests(PostgresServer server)
{
    private enum Kind
    {
        Good,
        Poison,
        Malformed,
        FailsOnce,
        LosesTheDatabaseOnce,
        Repeat,
    }

    private static readonly Gen<(Kind Kind, int Key, int Of)[]> Histories =
        Gen.Select(Gen.Frequency((6, Gen.Const(Kind.Good)), (1, Gen.Enum<Kind>())), Gen.Int[0, 4], Gen.Int[0, 100]).Array[1, 60];

    [Fact]
    public async Task Each_message_has_its_effect_once_or_is_one_letter_and_keys_keep_their_order()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var run = 0;
        await Gen.Select(Histories, Gen.Int[1, 30], Gen.Int[1, 4], Gen.Bool).SampleAsync(
            async (history, batchSize, maxFailures, isRestarted) => await CheckAsync(world, kafka, $"run{Interlocked.Increment(ref run)}", history, batchSize, maxFailures, isRestarted),
            iter: 12,
            threads: 6);
    }

    private static async Task CheckAsync(
        MessagingWorld world, MockKafka kafka, string run, (Kind Kind, int Key, int Of)[] history, int batchSize, int maxFailures, bool isRestarted)
    {
        var sent = Messages(run, history);
        var once = sent.DistinctBy(message => message.Id).ToList();
        var isGivenUp = once.ToLookup(message => Given(message));
        await KafkaMessages.SendAsync(kafka, [.. sent]);

        var troubled = new HashSet<string>();
        var handler = new EffectHandler
        {
            OnMessage = async (message, connection, transaction) =>
            {
                if (message.Value.Contains("trouble", StringComparison.Ordinal) && troubled.Add(message.Value))
                {
                    // With a single failure allowed the failure itself would be the end of a message that is alone in its batch.
                    await EffectHandler.ExecuteAsync(
                        connection, transaction, message.Value.Contains("cut", StringComparison.Ordinal) || maxFailures == 1 ? "SELECT pg_terminate_backend(pg_backend_pid())" : "SELECT 1 / 0");
                }
            },
        };
        if (isRestarted)
        {
            await using (await StartAsync())
            {
                await world.UntilAsync($"SELECT count(*) >= {once.Count / 2} FROM durable.inbox WHERE consumer = '{run}'");
            }
        }

        await using (await StartAsync())
        {
            await world.UntilAsync($"SELECT count(*) = {once.Count} FROM durable.inbox WHERE consumer = '{run}'");
        }

        var effects = (await world.ScalarAsync<string>($"SELECT coalesce(string_agg(text, ' ' ORDER BY seq), '') FROM effects WHERE text LIKE '{run}:%'"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var letters = (await world.LettersAsync()).Where(letter => letter.Source.Group == run).ToList();
        foreach (var key in once.Select(message => message.Key).Distinct())
        {
            effects.Where(text => text.Split(':')[1] == key).ShouldBe(isGivenUp[false].Where(message => message.Key == key).Select(message => Text(message)));
            letters.Where(letter => letter.Key == key).Select(letter => letter.Source.MessageId).ShouldBe(isGivenUp[true].Where(message => message.Key == key).Select(message => message.Id));
        }

        letters.ShouldAllBe(letter => letter.RetryCount == (letter.ErrorCode == DeadLetterCodes.MalformedMessage ? 0 : maxFailures));
        letters.Select(letter => letter.Id).Distinct().Count().ShouldBe(letters.Count);

        Task<RunningConsumer> StartAsync() => RunningConsumer.StartAsync(
            world, kafka, handler, options => (options.Topic, options.GroupId, options.BatchSize, options.MaxFailures) = (run, run, batchSize, maxFailures));
    }

    private static List<StrangersMessage> Messages(string run, (Kind Kind, int Key, int Of)[] history)
    {
        var sent = new List<StrangersMessage>();
        for (var i = 0; i < history.Length; i++)
        {
            var (kind, key, of) = history[i];
            var number = i.ToString(CultureInfo.InvariantCulture);
            var text = $"{run}:{key}:{number}";
            sent.Add(kind switch
            {
                Kind.Repeat when i > 0 => sent[of % i],
                Kind.Poison => new StrangersMessage(number, "poison:" + text, $"{key}", run),
                Kind.Malformed => new StrangersMessage(number, "broken:" + text, $"{key}", run),
                Kind.FailsOnce => new StrangersMessage(number, text + ":trouble", $"{key}", run),
                Kind.LosesTheDatabaseOnce => new StrangersMessage(number, text + ":trouble:cut", $"{key}", run),
                _ => new StrangersMessage(number, text, $"{key}", run),
            });
        }

        return sent;
    }

    private static string Text(StrangersMessage message) => System.Text.Encoding.UTF8.GetString(message.Value);

    private static bool Given(StrangersMessage message) => Text(message).StartsWith("poison", StringComparison.Ordinal) || Text(message).StartsWith("broken", StringComparison.Ordinal);
}
