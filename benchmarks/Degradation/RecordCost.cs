using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using ResilientShop.Resilience;

namespace ResilientShop.Benchmarks.Degradation;

/// <summary>What it costs to record a request and to read where the service stands: nanoseconds of the best round, and bytes in all.</summary>
internal static class RecordCost
{
    private const int Requests = 5_000_000;
    private const int Reads = 50_000_000;
    private const int Rounds = 8;

    public static (double Nanoseconds, long Bytes) OfRecording()
    {
        using var service = new ServiceDegradation("gate", new DegradationPolicy(), TimeProvider.System);
        var (endpoint, position) = (service.Endpoint("a"), service.Current);
        return Best(Requests, () =>
        {
            // Latencies differ, from nothing to a second or so.
            var began = TimeProvider.System.GetTimestamp();
            for (var request = 0; request < Requests; request++)
            {
                service.Record(endpoint, position, tookNormalWay: true, began - (request & 0xFFFFF), hasFailed: false);
            }

            return began;
        });
    }

    /// <summary>The part of <see cref="OfRecording"/> that is the timestamp of the request's end.</summary>
    public static double OfTimestamp() => Best(Requests, () =>
    {
        var sum = 0L;
        for (var request = 0; request < Requests; request++)
        {
            sum += TimeProvider.System.GetTimestamp();
        }

        return sum;
    }).Nanoseconds;

    /// <summary>What the fleet is told of a request, while OpenTelemetry keeps it for a scrape.</summary>
    public static (double Nanoseconds, long Bytes) OfTelling()
    {
        using var metrics = new SignalMetrics("1");
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(ResilienceMetrics.Name).AddReader(new BaseExportingMetricReader(new Nowhere())).Build();
        return Best(Requests, () =>
        {
            for (var request = 0; request < Requests; request++)
            {
                metrics.Served(TimeSpan.FromMicroseconds(request & 0xFFFFF), tookNormalWay: true, hasFailed: false, isSlow: false);
            }

            return Requests;
        });
    }

    public static (double Nanoseconds, long Bytes) OfReading()
    {
        using var service = new ServiceDegradation("gate", new DegradationPolicy(), TimeProvider.System);
        return Best(Reads, () =>
        {
            var normal = 0L;
            for (var read = 0; read < Reads; read++)
            {
                normal += service.Current.NormalShare >= 1 ? 1 : 0;
            }

            return normal;
        });
    }

    private static (double Nanoseconds, long Bytes) Best(int operations, Func<long> work)
    {
        var best = double.MaxValue;
        var bytes = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var began = Stopwatch.GetTimestamp();
            var done = work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / operations);
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (done == 0)
            {
                throw new InvalidOperationException("Nothing was done.");
            }
        }

        return (best, bytes);
    }

    private sealed class Nowhere : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }
}
