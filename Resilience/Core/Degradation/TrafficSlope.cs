namespace ResilientShop.Resilience;

/// <summary>
/// How fast the rate of requests rises or falls, in requests per second per second: least squares over the rates of the last seconds, each the mean of a
/// longer time. The same as PromQL's <c>deriv(rate(requests[5m])[3m:1s])</c> with the default lengths. For one thread.
/// </summary>
public sealed class TrafficSlope
{
    /// <summary>Of fewer rates than these there is no slope.</summary>
    public const int FewestPoints = 10;

    private readonly long[] _totals;
    private readonly int _rateSeconds;
    private readonly int _slopeSeconds;
    private long _total;
    private int _seconds;

    /// <param name="rate">Time a rate is the mean of; whole seconds.</param>
    /// <param name="slope">Time the slope is taken over; whole seconds.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is under a second, or <paramref name="slope"/> under <see cref="FewestPoints"/> seconds.</exception>
    public TrafficSlope(TimeSpan rate, TimeSpan slope)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(slope, TimeSpan.FromSeconds(FewestPoints));
        (_rateSeconds, _slopeSeconds) = ((int)rate.TotalSeconds, (int)slope.TotalSeconds);
        _totals = new long[_rateSeconds + _slopeSeconds + 1];
    }

    /// <summary>Requests per second now, as the mean of the rate's time; null until that long has passed.</summary>
    public double? Rate => _seconds < _rateSeconds ? null : RateAt(_seconds);

    /// <summary>The slope now, in 1/s^2; null while too few seconds are known.</summary>
    public double? Current { get; private set; }

    /// <summary>
    /// Standard deviation of the slope by chance alone, in 1/s^2, when requests come independently at the present rate: each second changes the mean by the
    /// difference of two Poisson counts, and least squares over n steps of such a walk have 6/5 of a step's variance divided by n.
    /// </summary>
    public double Noise => Rate is { } rate ? NoiseAt(rate, _rateSeconds, _slopeSeconds) : 0;

    /// <summary>The same for a slope that was taken elsewhere.</summary>
    /// <param name="rate">Requests per second.</param>
    /// <param name="rateTime">Time a rate is the mean of.</param>
    /// <param name="slopeTime">Time the slope is taken over, at one rate a second.</param>
    public static double NoiseOf(double rate, TimeSpan rateTime, TimeSpan slopeTime) => NoiseAt(rate, rateTime.TotalSeconds, slopeTime.TotalSeconds);

    /// <summary>Takes the next second.</summary>
    /// <param name="requests">Requests that ended in it.</param>
    public void AddSecond(long requests)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(requests);
        _total += requests;
        _seconds++;
        _totals[_seconds % _totals.Length] = _total;
        Current = Slope();
    }

    private double? Slope()
    {
        var points = Math.Min(_slopeSeconds, _seconds - _rateSeconds + 1);
        if (points < FewestPoints)
        {
            return null;
        }

        // Least squares with seconds counted from the middle, so that one sum vanishes.
        double weighted = 0, squares = 0;
        for (var point = 0; point < points; point++)
        {
            var x = point - ((points - 1) / 2.0);
            weighted += x * RateAt(_seconds - points + 1 + point);
            squares += x * x;
        }

        return weighted / squares;
    }

    private static double NoiseAt(double rate, double rateSeconds, double slopeSeconds) => Math.Sqrt(2 * rate * 1.2 / slopeSeconds) / rateSeconds;

    private double RateAt(int second) => (TotalAt(second) - TotalAt(second - _rateSeconds)) / (double)_rateSeconds;

    private long TotalAt(int second) => _totals[second % _totals.Length];
}
