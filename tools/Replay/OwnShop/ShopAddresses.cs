using System.Text.Json;

namespace Replay.OwnShop;

/// <summary>What the AppHost's ready file says at one moment: addresses by resource, and its processes.</summary>
internal sealed record ShopAddresses(IReadOnlyDictionary<string, Uri> Addresses, IReadOnlyList<ShopInstance> Instances)
{
    /// <summary>Null when the file is not there. The AppHost swaps it whole, so what is there is complete.</summary>
    public static ShopAddresses? TryRead(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads the content of a ready file.</summary>
    /// <exception cref="JsonException">It is not what the embedded host writes.</exception>
    public static ShopAddresses Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var addresses = document.RootElement.EnumerateObject()
            .Where(entry => entry.Value.ValueKind == JsonValueKind.String && Uri.IsWellFormedUriString(entry.Value.GetString(), UriKind.Absolute))
            .ToDictionary(entry => entry.Name, entry => Base(entry.Value.GetString()!), StringComparer.Ordinal);
        var processes = document.RootElement.TryGetProperty("processes", out var list) ? list.EnumerateArray() : default;
        return new ShopAddresses(addresses, [.. processes.Select(Instance)]);
    }

    private static ShopInstance Instance(JsonElement process) => new(
        process.GetProperty("name").GetString()!,
        process.TryGetProperty("pid", out var pid) && pid.ValueKind == JsonValueKind.Number ? pid.GetInt32() : null,
        process.TryGetProperty("healthy", out var healthy) && healthy.ValueKind == JsonValueKind.True,
        process.TryGetProperty("url", out var url) && url.GetString() is { } address ? Base(address) : null);

    private static Uri Base(string address) => new(address.TrimEnd('/') + "/");
}

/// <summary>A process of the shop. <paramref name="ProcessId"/> is null while it is starting again.</summary>
internal sealed record ShopInstance(string Name, int? ProcessId, bool IsHealthy, Uri? Address);
