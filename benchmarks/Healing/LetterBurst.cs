using System.Text.Json;
using Confluent.Kafka;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Benchmarks.Healing;

/// <summary>A thousand letters at once, each sent twice.</summary>
/// <param name="Tickets">Tickets they made.</param>
/// <param name="OutOfOrder">Letters whose ticket has a lower number than that of an earlier letter of the same key.</param>
/// <param name="Seconds">From the first letter to the last ticket.</param>
/// <param name="MemoryGrowth">What Operations' resident memory grew by, at most, in MiB.</param>
internal sealed record LetterBurst(int Tickets, int OutOfOrder, double Seconds, double MemoryGrowth)
{
    public const int Letters = 1000;
    private const int Keys = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task<LetterBurst> MeasureAsync(HealingShop shop)
    {
        const string Service = "gate";
        var memory = shop.MemoryOfOperations();
        var highest = memory;
        var letters = Enumerable.Range(0, Letters).Select(number => new DeadLetter
        {
            // Nobody knows this service: each is diagnosed and left to a person, and nothing is waited for.
            ServiceName = Service,
            Operation = "saga gate: step",
            ErrorCode = "GATE",
            ErrorDetail = "A letter of a gate.",
            RetryCount = 3,
            Key = $"key-{number % Keys}",
            Source = DeadLetterSource.Saga(Guid.NewGuid(), "step"),
            Time = DateTimeOffset.UtcNow,
        }).ToList();
        var began = DateTimeOffset.UtcNow;
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = shop.Brokers, EnableIdempotence = true }).Build())
        {
            foreach (var letter in letters.SelectMany(letter => new[] { letter, letter }))
            {
                producer.Produce(DeadLetter.Topic, new Message<string, byte[]>
                {
                    Key = letter.Key, Value = letter.ToJson(), Headers = new Headers { { "message-id", System.Text.Encoding.UTF8.GetBytes(letter.Id.ToString()) } },
                });
            }

            producer.Flush(TimeSpan.FromSeconds(10));
        }

        JsonElement arrived = default;
        using var patience = new CancellationTokenSource(Patience);
        while (!patience.IsCancellationRequested)
        {
            arrived = await shop.GetAsync($"/api/dead-letters?service={Service}&most=1000");
            highest = Math.Max(highest, shop.MemoryOfOperations());
            if (arrived.GetArrayLength() == Letters)
            {
                break;
            }

            await Task.Delay(20);
        }

        var numbers = arrived.EnumerateArray().ToDictionary(letter => letter.GetProperty("id").GetGuid(), letter => letter.GetProperty("ticket").GetInt64());
        var last = arrived.EnumerateArray().Max(letter => letter.GetProperty("arrivedAt").GetDateTimeOffset());
        var outOfOrder = letters.GroupBy(letter => letter.Key).Sum(key => key.Zip(key.Skip(1)).Count(pair => numbers[pair.First.Id] >= numbers[pair.Second.Id]));

        // What they do to the service goes on while they are healed.
        for (var look = 0; look < 40; look++)
        {
            highest = Math.Max(highest, shop.MemoryOfOperations());
            await Task.Delay(250);
        }

        return new LetterBurst(numbers.Values.Distinct().Count(), outOfOrder, (last - began).TotalSeconds, highest - memory);
    }
}
