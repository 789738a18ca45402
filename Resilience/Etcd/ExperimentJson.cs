using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// An experiment under way, as etcd has it: <c>{"services": ["payments"], "fault": "latency 2 s", "by": "...", "since": "..."}</c>. Nothing of it must be there: the key alone says
/// that an experiment of its name is under way. What else stands there is for whoever runs it.
/// </summary>
internal static class ExperimentJson
{
    public static RunningExperiment? Read(ByteString text, out string? wrong)
    {
        wrong = null;
        if (text.IsEmpty)
        {
            return new RunningExperiment([], null, null, null);
        }

        try
        {
            if (JsonSerializer.Deserialize(text.Span, ExperimentJsonContext.Default.ExperimentRecord) is { } record)
            {
                return new RunningExperiment([.. record.Services?.OfType<string>() ?? []], record.Fault, record.By, record.Since);
            }

            wrong = "it must be JSON such as {\"services\": [\"payments\"], \"fault\": \"latency 2 s\"}, or nothing";
        }
        catch (JsonException exception)
        {
            wrong = $"it must be JSON such as {{\"services\": [\"payments\"], \"fault\": \"latency 2 s\"}}, or nothing: {exception.Message}";
        }

        return null;
    }
}

/// <summary>The record itself.</summary>
internal sealed record ExperimentRecord(IReadOnlyList<string?>? Services, string? Fault, string? By, DateTimeOffset? Since);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExperimentRecord))]
internal sealed partial class ExperimentJsonContext : JsonSerializerContext;
