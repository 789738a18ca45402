using System.Buffers;
using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Reads YAML into <see cref="PolicyNode"/>s, event by event. Only what policies need is taken: no anchors and aliases (a few lines of them can stand for
/// gigabytes, or for themselves), no tags, no second document, no key twice; with bounds on size and depth. Whatever is wrong is an error with its line.
/// </summary>
internal static class PolicyYaml
{
    private const int MaxDepth = 16;
    private const int MaxNodes = 20_000;

    /// <summary>What YAML does not allow: control characters but tab and line ends.</summary>
    private static readonly SearchValues<byte> NoText = SearchValues.Create([.. Enumerable.Range(0, 32).Except([9, 10, 13]).Select(value => (byte)value), 127]);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null when something is wrong; all that can be told of it is in <paramref name="errors"/>.</summary>
    public static PolicyNode? Read(PolicySource source, string path, PolicyErrors errors)
    {
        if ((source.Problem ?? FindWrongBytes(source)) is { } problem)
        {
            errors.Add(problem);
            return null;
        }

        var parser = new Parser(new StringReader(Strict.GetString(WithoutMark(source.Content.Span))));
        try
        {
            return new Reading(parser, source, errors).Document(path);
        }
        catch (ReadingStoppedException)
        {
            return null;
        }
        catch (YamlException exception)
        {
            var why = exception.InnerException is null ? exception.Message : exception.InnerException.Message;
            errors.Add(new PolicyError("the text", PolicyNode.Quote(why), "must be YAML") { Source = source.Location, Line = (int)Math.Clamp(exception.Start.Line, 1, int.MaxValue) });
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            // The parser's own slips on texts that are no YAML at all.
            errors.Add(new PolicyError("the text", PolicyNode.Quote(exception.Message), "must be YAML") { Source = source.Location, Line = (int)Math.Max(parser.Current?.End.Line ?? 1, 1) });
            return null;
        }
    }

    private static PolicyError? FindWrongBytes(PolicySource source)
    {
        var bytes = source.Content.Span;
        if (bytes.Length > PolicySource.MaxBytes)
        {
            return TooLarge(source.Location, bytes.Length);
        }

        PolicyError Wrong(int line, string value, string expected) => new("the text", value, expected) { Source = source.Location, Line = line };
        if (bytes.Length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)))
        {
            return Wrong(1, "in UTF-16", "must be in UTF-8");
        }

        var text = WithoutMark(bytes);
        var binary = text.IndexOfAny(NoText);
        var at = binary >= 0 ? binary : System.Text.Unicode.Utf8.IsValid(text) ? -1 : FirstInvalid(text);
        if (at < 0)
        {
            return null;
        }

        var line = 1 + text[..at].Count((byte)'\n');
        return Wrong(line, string.Create(CultureInfo.InvariantCulture, $"byte 0x{text[at]:X2} at {at}"), binary >= 0 ? "must be text, not binary" : "must be in UTF-8");
    }

    internal static PolicyError TooLarge(string location, long bytes) => new(
        "the text", string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes long"), $"must have at most {PolicySource.MaxBytes} bytes") { Source = location };

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes;

    private static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (at < text.Length && Rune.DecodeFromUtf8(text[at..], out _, out var length) == OperationStatus.Done)
        {
            at += length;
        }

        return Math.Min(at, text.Length - 1);
    }

    private sealed class ReadingStoppedException : Exception;

    private sealed class Reading(Parser parser, PolicySource source, PolicyErrors errors)
    {
        private int _nodes;

        public PolicyNode? Document(string path)
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                errors.Add(Wrong(path, 1, "empty", "must have something in it; delete it to do without"));
                return null;
            }

            var node = Node(path, 0);
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                errors.Add(Wrong(path, Line(second), "a second document", "must be one document: no line of '---' within it"));
                return null;
            }

            return node;
        }

        /// <param name="path">The keys that lead to it.</param>
        /// <param name="depth">How many those are.</param>
        /// <param name="keyLine">The line of its key, which is where people look for it; null for what has none.</param>
        private PolicyNode Node(string path, int depth, int? keyLine = null)
        {
            if (++_nodes > MaxNodes || depth > MaxDepth)
            {
                throw Stop(Wrong(
                    path, Line(parser.Current!), depth > MaxDepth ? $"nested more than {MaxDepth} deep" : $"more than {MaxNodes} entries", "must be smaller"));
            }

            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                throw Stop(Wrong(path, Line(alias), PolicyNode.Quote($"*{alias.Value}"), "must be written out: aliases are not taken"));
            }

            if (parser.Current is NodeEvent { Anchor.IsEmpty: false } anchored)
            {
                throw Stop(Wrong(path, Line(anchored), PolicyNode.Quote($"&{anchored.Anchor.Value}"), "must have no anchor: aliases are not taken"));
            }

            if (parser.Current is NodeEvent { Tag.IsEmpty: false } tagged)
            {
                throw Stop(Wrong(path, Line(tagged), PolicyNode.Quote(tagged.Tag.Value), "must have no tag"));
            }

            return parser.Current switch
            {
                MappingStart => Section(path, depth, keyLine),
                SequenceStart => List(path, depth, keyLine),
                _ => Scalar(path, parser.Consume<Scalar>(), keyLine),
            };
        }

        private PolicyNode Section(string path, int depth, int? keyLine)
        {
            var start = parser.Consume<MappingStart>();
            var children = new Dictionary<string, PolicyNode>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var (key, line) = Key(path);
                var childPath = path.Length == 0 ? key : $"{path}.{key}";
                var child = Node(childPath, depth + 1, line);
                if (!children.TryAdd(key, child))
                {
                    errors.Add(Wrong(childPath, line, "there a second time", $"must stand once; the first is in line {children[key].Line}"));
                }
            }

            return PolicyNode.OfSection(path, children, source.Location, keyLine ?? Line(start));
        }

        private (string Key, int Line) Key(string path)
        {
            if (parser.Current is not Scalar { Anchor.IsEmpty: true } || !parser.TryConsume<Scalar>(out var key))
            {
                var what = parser.Current is AnchorAlias alias ? PolicyNode.Quote($"*{alias.Value}") : "no plain name";
                throw Stop(Wrong(path.Length == 0 ? "a key" : $"a key of {path}", Line(parser.Current!), what, "must be a plain name"));
            }

            if (!PolicyScope.IsName(key.Value))
            {
                throw Stop(Wrong(
                    path.Length == 0 ? "a key" : $"a key of {path}", Line(key), PolicyNode.Quote(key.Value), "must have 1 to 64 letters, digits, '-' and '_'"));
            }

            return (key.Value, Line(key));
        }

        private PolicyNode List(string path, int depth, int? keyLine)
        {
            var start = parser.Consume<SequenceStart>();
            var items = new List<PolicyNode>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Node($"{path}.{items.Count.ToString(CultureInfo.InvariantCulture)}", depth + 1));
            }

            return PolicyNode.OfList(path, items, source.Location, keyLine ?? Line(start));
        }

        private PolicyNode Scalar(string path, Scalar scalar, int? keyLine)
        {
            var isPlain = scalar.Style == ScalarStyle.Plain;
            return isPlain && scalar.Value is "" or "~" or "null" or "Null" or "NULL" && isPlain
                ? PolicyNode.Nothing(path, source.Location, keyLine ?? Line(scalar))
                : PolicyNode.OfText(path, scalar.Value, !isPlain, source.Location, keyLine ?? Line(scalar));
        }

        private ReadingStoppedException Stop(PolicyError error)
        {
            errors.Add(error);
            return new ReadingStoppedException();
        }

        private PolicyError Wrong(string path, int line, string value, string expected) =>
            new(path.Length == 0 ? "the text" : path, value, expected) { Source = source.Location, Line = line };

        private static int Line(ParsingEvent at) => (int)Math.Min(at.Start.Line, int.MaxValue);
    }
}
