namespace ResilientShop.Resilience.Http;

/// <summary>What came of a query.</summary>
public enum PrometheusOutcome
{
    /// <summary>There are samples; each is a number, or not, for itself.</summary>
    Samples,

    /// <summary>Prometheus answered, and there is nothing: no such series, or not in this time.</summary>
    NoData,

    /// <summary>Prometheus did not take the query: it is wrong, or too much. The same query will not work later.</summary>
    Refused,

    /// <summary>There was no answer in time, or none that can be understood.</summary>
    Unreachable,
}

/// <summary>What Prometheus answered to a query. Immutable.</summary>
/// <param name="Query">The query.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Samples">The samples, a series each; empty but for <see cref="PrometheusOutcome.Samples"/>.</param>
/// <param name="At">When it was answered, on Prometheus's clock where it said, to the second.</param>
/// <param name="Problem">What is wrong, as a sentence; null with samples.</param>
public sealed record PrometheusAnswer(string Query, PrometheusOutcome Outcome, IReadOnlyList<PrometheusSample> Samples, DateTimeOffset At, string? Problem)
{
    /// <summary>The answer as the one number that was asked for.</summary>
    /// <param name="freshFor">How old the sample may be; any age when null. Only a query that ends in a range tells how old it is (<see cref="PrometheusClient.QueryAsync"/>).</param>
    public PrometheusValue Only(TimeSpan? freshFor = null) => Outcome switch
    {
        PrometheusOutcome.Samples when Samples is [var sample] => Of(sample, freshFor),
        PrometheusOutcome.Samples => new PrometheusValue(PrometheusQuality.Failed, null, FormattableString.Invariant($"the query gives {Samples.Count} series, not one")),
        PrometheusOutcome.NoData => new PrometheusValue(PrometheusQuality.NoData, null, Problem),
        _ => new PrometheusValue(PrometheusQuality.Failed, null, Problem),
    };

    /// <summary>One sample of the answer as a number.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="freshFor">How old it may be; any age when null.</param>
    public PrometheusValue Of(PrometheusSample sample, TimeSpan? freshFor = null)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var age = At - sample.Time;
        return age > freshFor ? new PrometheusValue(PrometheusQuality.Stale, null, FormattableString.Invariant($"the last sample is {age.TotalSeconds:0.#} s old"))
            : double.IsFinite(sample.Value) ? new PrometheusValue(PrometheusQuality.Number, sample.Value, null)
            : new PrometheusValue(PrometheusQuality.NotANumber, null, FormattableString.Invariant($"the value is {sample.Value}"));
    }
}

/// <summary>The newest sample of a series. Immutable.</summary>
/// <param name="Labels">The series' labels, its name as <c>__name__</c>.</param>
/// <param name="Value">The value; may be no number or infinite.</param>
/// <param name="Time">When it was taken; for a query that does not end in a range, when that was evaluated.</param>
public sealed record PrometheusSample(IReadOnlyDictionary<string, string> Labels, double Value, DateTimeOffset Time)
{
    /// <summary>A label's value, or nothing.</summary>
    public string this[string label] => Labels.GetValueOrDefault(label, "");
}

/// <summary>What a number is worth that was asked for.</summary>
public enum PrometheusQuality
{
    /// <summary>It is a number of now.</summary>
    Number,

    /// <summary>There is none.</summary>
    NoData,

    /// <summary>It is NaN or infinite, as a ratio without requests is.</summary>
    NotANumber,

    /// <summary>It is too old to tell anything of now.</summary>
    Stale,

    /// <summary>It could not be asked for.</summary>
    Failed,
}

/// <summary>A number that was asked for, or why there is none. Only <see cref="PrometheusQuality.Number"/> is evidence of anything.</summary>
/// <param name="Quality">What it is worth.</param>
/// <param name="Value">The number; null for all else.</param>
/// <param name="Problem">Why there is no number; null where there is.</param>
public readonly record struct PrometheusValue(PrometheusQuality Quality, double? Value, string? Problem);
