using System.Globalization;

namespace ResilientShop.Resilience.Policies;

/// <summary>What stands at a place of a policy text.</summary>
internal enum PolicyNodeKind
{
    /// <summary>A key without a value.</summary>
    Nothing,

    /// <summary>A text, number or flag.</summary>
    Text,

    /// <summary>A list.</summary>
    List,

    /// <summary>Keys with values.</summary>
    Section,
}

/// <summary>
/// A place of a policy text, with what stands there and where that is: files, keys of a store and .NET configuration all are read from this. Immutable.
/// </summary>
internal sealed class PolicyNode
{
    private readonly Dictionary<string, PolicyNode> _children;

    private PolicyNode(string path, PolicyNodeKind kind, StringComparer comparer)
    {
        (Path, Kind) = (path, kind);
        _children = new Dictionary<string, PolicyNode>(comparer);
    }

    /// <summary>Its key, with those above it.</summary>
    public string Path { get; }

    public PolicyNodeKind Kind { get; }

    /// <summary>The text of <see cref="PolicyNodeKind.Text"/>; in a section one that stands beside its keys, which configuration in layers allows.</summary>
    public string? Text { get; init; }

    /// <summary>Whether the text was quoted, and so is no number or flag.</summary>
    public bool IsQuoted { get; init; }

    /// <summary>The separator of its path.</summary>
    public char Separator { get; init; } = '.';

    public string? Source { get; init; }

    public int Line { get; init; }

    /// <summary>Whether its keys are the same in any case.</summary>
    public bool IgnoresCase => Equals(_children.Comparer, StringComparer.OrdinalIgnoreCase);

    /// <summary>Entries of a section or of a list by key, in their order.</summary>
    public IReadOnlyDictionary<string, PolicyNode> Children => _children;

    /// <summary>Entries of a list.</summary>
    public IEnumerable<PolicyNode> Items => _children.Values;

    public static PolicyNode Nothing(string path, string? source = null, int line = 0, char separator = '.') =>
        new(path, PolicyNodeKind.Nothing, StringComparer.Ordinal) { Source = source, Line = line, Separator = separator };

    public static PolicyNode OfText(string path, string text, bool isQuoted, string? source = null, int line = 0, char separator = '.') =>
        new(path, PolicyNodeKind.Text, StringComparer.Ordinal) { Text = text, IsQuoted = isQuoted, Source = source, Line = line, Separator = separator };

    public static PolicyNode OfList(string path, IEnumerable<PolicyNode> items, string? source = null, int line = 0, char separator = '.')
    {
        var list = new PolicyNode(path, PolicyNodeKind.List, StringComparer.Ordinal) { Source = source, Line = line, Separator = separator };
        foreach (var item in items)
        {
            list._children.Add(list._children.Count.ToString(CultureInfo.InvariantCulture), item);
        }

        return list;
    }

    public static PolicyNode OfSection(
        string path, IEnumerable<KeyValuePair<string, PolicyNode>> children, string? source = null, int line = 0, char separator = '.', string? text = null, StringComparer? comparer = null)
    {
        var section = new PolicyNode(path, PolicyNodeKind.Section, comparer ?? StringComparer.Ordinal) { Source = source, Line = line, Separator = separator, Text = text };
        foreach (var (key, child) in children)
        {
            section._children.Add(key, child);
        }

        return section;
    }

    public PolicyNode? Child(string key) => _children.GetValueOrDefault(key);

    public string PathOf(string key) => Path.Length == 0 ? key : $"{Path}{Separator}{key}";

    /// <summary>The place of a key such as <c>l2.max_attempts</c> below this one, or null.</summary>
    public PolicyNode? Find(string key)
    {
        PolicyNode? node = this;
        foreach (var part in key.Split('.'))
        {
            node = node?.Child(part);
        }

        return node;
    }

    /// <summary>What stands here, for messages.</summary>
    public string Describe() => Kind switch
    {
        PolicyNodeKind.Nothing => "nothing",
        PolicyNodeKind.List => "a list",
        PolicyNodeKind.Section when !string.IsNullOrEmpty(Text) => Quote(Text),
        PolicyNodeKind.Section => "a section",
        _ => Quote(Text!),
    };

    public PolicyError Error(string expected) => ErrorOf(Path, Describe(), expected);

    public PolicyError ErrorOf(string path, string value, string expected) => new(path, value, expected) { Source = Source, Line = Line };

    /// <summary>
    /// This text with <paramref name="over"/> laid over it: keys that only one has are kept, sections are merged, anything else is replaced.
    /// </summary>
    public PolicyNode Overlay(PolicyNode over)
    {
        if (Kind != PolicyNodeKind.Section || over.Kind != PolicyNodeKind.Section)
        {
            return over;
        }

        var merged = OfSection(Path, _children, over.Source, over.Line, Separator, over.Text, (StringComparer)_children.Comparer);
        foreach (var (key, child) in over._children)
        {
            merged._children[key] = merged._children.TryGetValue(key, out var under) ? under.Overlay(child) : child;
        }

        return merged;
    }

    /// <summary>Texts can be long, and from strangers.</summary>
    internal static string Quote(string text)
    {
        var shown = text.Length > 60 ? text[..60] + "..." : text;
        return $"'{string.Concat(shown.Select(character => char.IsControl(character) ? ' ' : character))}'";
    }
}
