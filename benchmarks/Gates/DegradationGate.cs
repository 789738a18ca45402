using ResilientShop.Benchmarks.Degradation;
using ResilientShop.Benchmarks.Policies;
using ResilientShop.Resilience;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>Degradation: what recording and reading cost, and how soon each row of the matrix is in effect, here and in the next instance.</summary>
internal static class DegradationGate
{
    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var (nanoseconds, bytes) = RecordCost.OfRecording();
        yield return new Figure("recording a request, ns", nanoseconds, 50, FormattableString.Invariant($"{RecordCost.OfTimestamp():0.0} of them the timestamp of its end"));
        yield return new Figure("recording a request, bytes", bytes, 0, "5 million requests");
        (nanoseconds, bytes) = RecordCost.OfTelling();
        yield return new Figure("telling the fleet of a request, ns", nanoseconds, 250, "a histogram of OpenTelemetry and a count");
        yield return new Figure("telling the fleet of a request, bytes", bytes, 0, "5 million requests");
        (nanoseconds, bytes) = RecordCost.OfReading();
        yield return new Figure("reading where the service stands, ns", nanoseconds, 2, "");
        yield return new Figure("reading where the service stands, bytes", bytes, 0, "50 million reads");

        yield return Percentile("P99 alone: sample to log line, p99 ms", await SwitchTimes.MeasureAsync(DegradationLevel.Alert), 200);
        yield return Percentile("P99 and errors: sample to degraded, p99 ms", await SwitchTimes.MeasureAsync(DegradationLevel.Degraded), 80);
        yield return Percentile("all three: sample to break and webhook, p99 ms", await SwitchTimes.MeasureAsync(DegradationLevel.Broken), 50);

        await using var etcd = await EtcdProcess.StartAsync();
        yield return Percentile("etcd: said to followed elsewhere, p99 ms", await FleetTimes.MeasureAsync(etcd.Endpoint), 100);
    }

    private static Figure Percentile(string name, double[] times, double limit) => new(
        name, times[(int)(times.Length * 0.99)], limit, FormattableString.Invariant($"median {times[times.Length / 2]:0.0}, worst {times[^1]:0.0} of {times.Length}"));
}
