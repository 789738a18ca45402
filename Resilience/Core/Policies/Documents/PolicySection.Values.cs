using System.Globalization;

namespace ResilientShop.Resilience.Policies;

/// <content>The values of single keys.</content>
internal sealed partial class PolicySection
{
    private readonly HashSet<string> _known = new(node?.IgnoresCase == true ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>.NET configuration has neither types nor cases, and cannot tell an empty list from nothing; a document has all of that.</summary>
    private bool IsConfiguration => node?.Source is null;

    /// <summary>A key that is no part of a policy itself, but of the section around it.</summary>
    public PolicyNode? Take(string key)
    {
        _known.Add(key);
        return node?.Child(key);
    }

    public TimeSpan? OptionalTime(string key)
    {
        var time = Time(key, TimeSpan.MinValue);
        return time == TimeSpan.MinValue ? null : time;
    }

    /// <summary>The names in a list.</summary>
    public IReadOnlyList<string> Names(string key) => Names(key, []);

    private IReadOnlyList<string> Names(string key, IReadOnlyList<string> inherited) =>
        [.. List(key, inherited, entry => IsText(entry) && PolicyScope.IsName(entry.Text!) ? entry.Text : null).Distinct()];

    public string? OptionalName(string key)
    {
        _known.Add(key);
        if (node?.Child(key) is not { } child)
        {
            return null;
        }

        if (child.Kind == PolicyNodeKind.Text && IsText(child) && PolicyScope.IsName(child.Text!))
        {
            return child.Text;
        }

        errors.Add(child.Error("must be a name of 1 to 64 letters, digits, '-' and '_'"));
        return null;
    }

    public void RefuseUnknown()
    {
        if (node is null)
        {
            return;
        }

        var isEmptyList = node.Kind == PolicyNodeKind.List && (node.Children.Count == 0 || !IsConfiguration);
        if (isEmptyList || node.Kind is PolicyNodeKind.Nothing or PolicyNodeKind.Text || !string.IsNullOrEmpty(node.Text))
        {
            errors.Add(node.Error(_known.Contains("enabled") ? "must be a section; enabled: false in it switches it off" : "must be a section"));
            return;
        }

        foreach (var (key, child) in node.Children.Where(child => !_known.Contains(child.Key)))
        {
            var value = child.Kind == PolicyNodeKind.Text ? child.Describe() : Shape(child);
            errors.Add(child.ErrorOf(node.PathOf(key), value, $"must be one of {string.Join(", ", _known)}"));
        }
    }

    private PolicySection Child(string key)
    {
        _known.Add(key);
        return new PolicySection(node?.Child(key), errors);
    }

    /// <summary>A part that can be switched off with <c>enabled: false</c>, and on by naming it.</summary>
    private (T? Current, T Start) Switchable<T>(string key, T? current, T start, Func<PolicySection, T, T> read)
        where T : class
    {
        start = current ?? start;
        var child = Child(key);
        if (node?.Child(key) is not { } part)
        {
            return (current, start);
        }

        if (part.Kind == PolicyNodeKind.Nothing || (part.Kind == PolicyNodeKind.Section && part.Children.Count == 0 && string.IsNullOrEmpty(part.Text)))
        {
            errors.Add(part.ErrorOf(part.Path, "nothing", "must be a section, if only enabled: true or enabled: false"));
            return (current, start);
        }

        var isOn = child.Flag("enabled", true);
        var value = read(child, start);
        return (isOn ? value : null, value);
    }

    private T Checked<T>(T part)
    {
        RefuseUnknown();
        return part;
    }

    /// <summary>To the nearest tick of 0.1 µs: cutting off would make 2.3 ms a little less than it is.</summary>
    private TimeSpan Time(string key, TimeSpan current) => Value(
        key,
        current,
        text => Parse(text) is { } ms && Math.Abs(ms) < 1e12 ? TimeSpan.FromTicks((long)Math.Round(ms * TimeSpan.TicksPerMillisecond)) : null,
        "must be a number of milliseconds");

    private int Count(string key, int current) => Value(
        key, current, text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) ? count : null, "must be a whole number");

    private double Number(string key, double current) => Value(key, current, Parse, "must be a number");

    private bool Flag(string key, bool current) => Value(
        key,
        current,
        text => bool.TryParse(text, out var flag) && (IsConfiguration || text is "true" or "True" or "TRUE" or "false" or "False" or "FALSE") ? flag : null,
        "must be true or false");

    private T Choice<T>(string key, T current)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>().Select(name => name.ToLowerInvariant()).ToList();
        return Value(
            key,
            current,
            text => names.Contains(IsConfiguration ? text.ToLowerInvariant() : text) ? Enum.Parse<T>(text, ignoreCase: true) : null,
            $"must be {string.Join(" or ", names)}",
            takesQuoted: true);
    }

    private T Value<T>(string key, T current, Func<string, T?> parse, string expected, bool takesQuoted = false)
        where T : struct
    {
        _known.Add(key);
        if (node?.Child(key) is not { } child)
        {
            return current;
        }

        if (child.Kind != PolicyNodeKind.Text)
        {
            errors.Add(child.ErrorOf(child.Path, Shape(child), expected));
            return current;
        }

        if (child.IsQuoted && !takesQuoted)
        {
            errors.Add(child.ErrorOf(child.Path, $"the text \"{PolicyNode.Quote(child.Text!)[1..^1]}\"", $"{expected}, without quotes"));
            return current;
        }

        if (parse(child.Text!) is { } value)
        {
            return value;
        }

        errors.Add(child.Error(expected));
        return current;
    }

    private IReadOnlyList<T> List<T>(string key, IReadOnlyList<T> current, Func<PolicyNode, object?> parse)
    {
        _known.Add(key);
        if (node?.Child(key) is not { } child)
        {
            return current;
        }

        // An empty plain text is what configuration makes of an empty list, and an empty list is a choice: nothing of this kind is retried.
        if (IsConfiguration && child is { Kind: PolicyNodeKind.Text, Text: "" })
        {
            return [];
        }

        var isList = child.Kind == PolicyNodeKind.List || (child.Kind == PolicyNodeKind.Section && IsConfiguration && string.IsNullOrEmpty(child.Text));
        if (!isList)
        {
            errors.Add(child.Error("must be a list"));
            return current;
        }

        var list = new List<T>(child.Children.Count);
        foreach (var (index, entry) in child.Children)
        {
            if (int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out _) && entry.Kind == PolicyNodeKind.Text && parse(entry) is T value)
            {
                list.Add(value);
            }
            else
            {
                var shown = entry.Kind == PolicyNodeKind.Text || !IsConfiguration ? entry.Describe() : "''";
                errors.Add(entry.ErrorOf(entry.Path, shown, $"must be {Entry<T>()} in a list"));
            }
        }

        return list;
    }

    private string Shape(PolicyNode child) => !IsConfiguration ? child.Describe() : child.Children.Count > 0 ? "a section" : "nothing";

    /// <summary>Whether YAML takes the entry for a text as well, and not for a number or a flag; an editor's schema would refuse those.</summary>
    private bool IsText(PolicyNode entry) => IsConfiguration || entry.IsQuoted || (Parse(entry.Text!) is null && !bool.TryParse(entry.Text, out _));

    private object? Text(PolicyNode entry) => IsText(entry) ? entry.Text : null;

    private static string Entry<T>() =>
        typeof(T) == typeof(Signals) ? "p99, errors, slope, or some of them joined by '+',"
        : typeof(T) == typeof(double) ? "a number above 0 and at most 1"
        : typeof(T) == typeof(int) ? "a number"
        : "a name";

    private object? SignalsTogether(PolicyNode entry)
    {
        var all = Signals.None;
        foreach (var name in entry.Text!.Split('+'))
        {
            var signal = (IsConfiguration ? name.ToLowerInvariant() : name) switch
            {
                "p99" => Signals.P99,
                "errors" => Signals.Errors,
                "slope" => Signals.Slope,
                _ => Signals.None,
            };
            if (signal == Signals.None || all.HasFlag(signal))
            {
                return null;
            }

            all |= signal;
        }

        return all;
    }

    private object? Share(PolicyNode entry) => !entry.IsQuoted && Parse(entry.Text!) is { } share && share is > 0 and <= 1 ? share : null;

    private object? Status(PolicyNode entry) =>
        !entry.IsQuoted && int.TryParse(entry.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;

    private static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
