using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>One thing that is wrong with a policy.</summary>
/// <param name="Key">Where it stands, for example <c>l1.max_attempts</c>.</param>
/// <param name="Value">What stands there.</param>
/// <param name="Expected">What would be right.</param>
public sealed record PolicyError(string Key, string Value, string Expected)
{
    /// <summary>Where the text is that it stands in: a file, or a key of a store. Null when it stands in no text, for example in code.</summary>
    public string? Source { get; init; }

    /// <summary>Line in <see cref="Source"/>, from 1; 0 when it has none.</summary>
    public int Line { get; init; }

    /// <summary>The other key, where two do not go together.</summary>
    internal string? Against { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        var place = Source is null ? "" : Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Source}:{Line}: ") : $"{Source}: ";
        return $"{place}{Key} is {Value}; it {Expected}.";
    }
}

/// <summary>A policy was refused, whole. Its message and <see cref="Errors"/> name every key, its value and what would be right.</summary>
public sealed class PolicyInvalidException : Exception
{
    /// <summary>With every error found.</summary>
    public PolicyInvalidException(IReadOnlyList<PolicyError> errors)
        : base(string.Join(Environment.NewLine, errors)) => Errors = errors;

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<PolicyError> Errors { get; }
}

/// <summary>Collects what is wrong with a policy, so that all of it is said at once.</summary>
internal sealed class PolicyErrors
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromHours(1);

    private readonly List<PolicyError> _errors = [];

    public IReadOnlyList<PolicyError> Found => _errors;

    public static void ThrowIfAny(Action<PolicyErrors> validate)
    {
        var errors = new PolicyErrors();
        validate(errors);
        if (errors._errors.Count > 0)
        {
            throw new PolicyInvalidException(errors._errors);
        }
    }

    public void Add(PolicyError error) => _errors.Add(error);

    public void Require(string key, object value, bool holds, string expected, string? against = null)
    {
        if (!holds)
        {
            _errors.Add(new PolicyError(key, string.Create(CultureInfo.InvariantCulture, $"{value}"), expected) { Against = against });
        }
    }

    /// <summary>A time must be more than nothing and at most an hour.</summary>
    public void RequireTime(string key, TimeSpan value) => Require(
        key, Milliseconds(value), value > TimeSpan.Zero && value <= LongestTime, $"must be more than 0 and at most {LongestTime.TotalMilliseconds} ms");

    public void RequireAtLeast(string key, TimeSpan value, string otherKey, TimeSpan other) =>
        Require(key, Milliseconds(value), value >= other, $"must be at least {otherKey}, which is {Milliseconds(other)}", otherKey);

    public void RequireCount(string key, int value, int least, int most) =>
        Require(key, value, value >= least && value <= most, string.Create(CultureInfo.InvariantCulture, $"must be from {least} to {most}"));

    public void RequireNumber(string key, double value, double least, double most) => Require(
        key, value, double.IsFinite(value) && value >= least && value <= most, string.Create(CultureInfo.InvariantCulture, $"must be from {least} to {most}"));

    private static string Milliseconds(TimeSpan value) => string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds} ms");
}
