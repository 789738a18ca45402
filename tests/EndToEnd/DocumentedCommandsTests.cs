using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>What documents show of other programs means something to a running shop.</summary>
public sealed partial class DocumentedCommandsTests(RunningShop shop)
{
    /// <summary>Nobody is killed here, only found.</summary>
    [Fact(Timeout = 180_000)]
    public async Task What_is_to_be_killed_is_there()
    {
        var patterns = await DocumentsAsync(Kills(), TestContext.Current.CancellationToken);
        patterns.Count.ShouldBeGreaterThan(1);
        foreach (var pattern in patterns)
        {
            // Another test may have killed it just now.
            await Eventually.Async(() => Task.FromResult(shop.Processes().Any(command => Regex.IsMatch(command, pattern.Groups["pattern"].Value))), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What etcdctl would put is put for a service that nobody has, and Operations tells it.</summary>
    [Fact(Timeout = 180_000)]
    public async Task What_is_put_into_etcd_is_taken()
    {
        var cancel = TestContext.Current.CancellationToken;
        var puts = await DocumentsAsync(Puts(), cancel);
        puts.ShouldNotBeEmpty();
        using var etcd = new HttpClient { BaseAddress = new Uri(shop.Address("etcd")) };
        using var operators = shop.Operators();
        foreach (var put in puts)
        {
            var said = JsonDocument.Parse(put.Groups["value"].Value).RootElement.GetProperty("level").GetString();
            var key = Encode(Regex.Replace(put.Groups["key"].Value, "[a-z]+$", "nobody"));
            (await etcd.PostAsJsonAsync("v3/kv/put", new { key, value = Encode(put.Groups["value"].Value) }, cancel)).EnsureSuccessStatusCode();
            await Eventually.Async(
                async () =>
                {
                    using var fleet = JsonDocument.Parse(await operators.GetStringAsync("api/degradation", cancel));
                    return fleet.RootElement.GetProperty("services").EnumerateArray().Any(service =>
                        service.GetProperty("service").GetString() == "nobody" && service.GetProperty("isForced").GetBoolean() && service.GetProperty("level").GetString() == said);
                },
                cancel);
            (await etcd.PostAsJsonAsync("v3/kv/deleterange", new { key }, cancel)).EnsureSuccessStatusCode();
        }
    }

    private static async Task<List<Match>> DocumentsAsync(Regex shown, CancellationToken cancel)
    {
        var found = new List<Match>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppHostProcess.Root, "docs"), "*.md").Append(Path.Combine(AppHostProcess.Root, "README.md")))
        {
            found.AddRange(shown.Matches(await File.ReadAllTextAsync(file, cancel)));
        }

        return found;
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [GeneratedRegex("(^ {4}|`)pkill -9 -f '?(?<pattern>[^'`\\n]+)'?`?$", RegexOptions.Multiline)]
    private static partial Regex Kills();

    [GeneratedRegex("(^ {4}|`)etcdctl put (?<key>\\S+) '(?<value>[^'\\n]+)'", RegexOptions.Multiline)]
    private static partial Regex Puts();
}
