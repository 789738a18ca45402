using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Http;

/// <summary>Counts what became of requests to idempotent endpoints. Thread-safe.</summary>
internal sealed class IdempotencyMetrics(IMeterFactory meters)
{
    public const string MeterName = "ResilientShop.Resilience";
    public const string CounterName = "idempotency.request.count";

    private readonly Counter<long> _requests = meters.Create(MeterName).CreateCounter<long>(
        CounterName, "{request}", "Requests to idempotent endpoints that carried a key, or should have");

    public void Count(string outcome) => _requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Values of the label <c>outcome</c>.</summary>
    internal static class Outcomes
    {
        public const string Started = "started";
        public const string TakenOver = "taken_over";
        public const string Replayed = "replayed";
        public const string InProgress = "in_progress";
        public const string Mismatch = "mismatch";
        public const string Invalid = "invalid";

        /// <summary>
        /// Counted besides <see cref="Started"/>: somebody took the request over while its handler ran, so it may have acted twice.
        /// </summary>
        public const string Superseded = "superseded";
    }
}
