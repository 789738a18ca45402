namespace ResilientShop.Benchmarks.Gates;

/// <summary><c>gate NAME</c>: measures now, prints a line a figure, and ends with exit code 1 when one fails, 2 when there is no such gate.</summary>
internal static class GateCommand
{
    private static readonly Dictionary<string, Func<IAsyncEnumerable<Figure>>> Gates = new(StringComparer.Ordinal)
    {
        ["degradation"] = DegradationGate.MeasureAsync,
        ["healing"] = HealingGate.MeasureAsync,
        ["pipeline"] = PipelineGate.MeasureAsync,
        ["policies"] = PoliciesGate.MeasureAsync,
        ["sagas"] = SagasGate.MeasureAsync,
    };

    public static async Task<int> RunAsync(string[] names)
    {
        if (names.Length != 1 || !Gates.TryGetValue(names[0], out var gate))
        {
            await Console.Error.WriteLineAsync($"gate '{string.Join(' ', names)}' is not known. Use: gate {string.Join(" | ", Gates.Keys)}");
            return 2;
        }

        var failed = 0;
        await foreach (var figure in gate())
        {
            Console.WriteLine(figure);
            failed += figure.Passes ? 0 : 1;
        }

        Console.WriteLine(failed == 0 ? "gate passed" : $"gate failed: {failed}");
        return failed == 0 ? 0 : 1;
    }
}
