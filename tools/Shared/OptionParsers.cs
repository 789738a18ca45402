using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tools;

/// <summary>Options whose errors name the option, the value, and what would be right.</summary>
internal static partial class OptionParsers
{
    /// <summary>A whole number within limits.</summary>
    public static Option<int?> Whole(string name, string description, int min, int max) => Create<int?>(
        name,
        description,
        $"a whole number from {min} to {max}",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null);

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public static Option<double?> Number(string name, string description, double min, double max) => Create<double?>(
        name,
        description,
        FormattableString.Invariant($"a number from {min} to {max}"),
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null);

    /// <summary>The gateway's base address.</summary>
    public static Option<Uri?> Address(string name, string description) => Create(
        name,
        description,
        "an absolute http or https URL such as http://localhost:8080, without user, query or fragment",
        text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "", Host.Length: > 0 }
            ? new Uri(uri.AbsoluteUri.TrimEnd('/') + "/")
            : null);

    /// <summary>A short word that may stand in a sku and a header.</summary>
    public static Option<string?> Word(string name, string description, int maxLength) => Create(
        name,
        description,
        $"1 to {maxLength} letters, digits, '.', '-' or '_'",
        text => text.Length <= maxLength && WordPattern().IsMatch(text) ? text : null);

    /// <summary>An option with a value that <paramref name="parse"/> gives null for when it is not <paramref name="right"/>.</summary>
    public static Option<T?> Create<T>(string name, string description, string right, Func<string, T?> parse) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Parse(result, name, right, parse),
    };

    /// <summary>The value of an option or argument; an error when it is not <paramref name="right"/>.</summary>
    public static T? Parse<T>(ArgumentResult result, string name, string right, Func<string, T?> parse)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        var value = parse(text);
        if (value is null)
        {
            result.AddError($"{name}: '{text}' is not {right}");
        }

        return value;
    }

    [GeneratedRegex("^[A-Za-z0-9._-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex WordPattern();
}
