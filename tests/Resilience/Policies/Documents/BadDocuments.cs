using System.Text;

namespace Resilience.Tests.Policies;

/// <summary>Texts that are no documents, by what is wrong with them. Values of single keys are in <see cref="PolicyKeys"/>.</summary>
internal static class BadDocuments
{
    private static readonly string[] Keys = ["a.b", "a b", "<<", "'!'", "ä", "'a\\u0000'", "\"a\\u0000b\"", "\"\"", "~x", "a/b", "🙂", new('a', 65), new('a', 5000), "[a]", "{a: b}", "? a\n? b"];

    public static readonly IReadOnlyDictionary<string, byte[]> All = Collect();

    private static Dictionary<string, byte[]> Collect()
    {
        var all = new Dictionary<string, byte[]>();
        void Add(string name, string text) => all.Add(name, Encoding.UTF8.GetBytes(text));

        foreach (var (name, text) in Structures().Concat(Aliases()).Concat(Large()))
        {
            Add(name, text);
        }

        foreach (var section in (string[])["", "tiers", "tiers.l2", "defaults", "defaults.l1", "dependencies.x", "services.s", "services.s.defaults", "routes.r", "topology.t"])
        {
            for (var index = 0; index < Keys.Length; index++)
            {
                Add($"the key {index} in '{section}'", section.Length == 0 ? $"{Keys[index]}: 1\n" : GoodDocument.Saying(section, $"\n          {Keys[index]}: 1"));
            }

            Add($"an unknown key in '{section}'", section.Length == 0 ? "total_ms: 5\n" : GoodDocument.Saying($"{section}.totl_ms", "5"));
            Add($"a key in another case in '{section}'", section.Length == 0 ? "Defaults: {}\n" : GoodDocument.Saying($"{section}.TOTAL_MS", "5"));
            Add($"a section that is none: '{section}'", section.Length == 0 ? "5\n" : GoodDocument.Saying(section, "5"));
            Add($"a list for the section '{section}'", section.Length == 0 ? "- 5\n" : GoodDocument.Saying(section, "[]"));
        }

        foreach (var (name, bytes) in Encodings())
        {
            all.Add(name, bytes);
        }

        return all;
    }

    private static IEnumerable<(string Name, string Text)> Structures() =>
    [
        ("nothing", ""),
        ("spaces", "   \n  \n"),
        ("comments only", "# one\n# two\n"),
        ("a document without anything", "---\n"),
        ("two ends", "...\n...\n"),
        ("null", "null\n"),
        ("two documents", "defaults: {}\n---\ndefaults: {}\n"),
        ("two documents, one empty", "---\ndefaults: {}\n---\n"),
        ("something after the end", "defaults: {}\n...\ntotal_ms: 5\n"),
        ("a key twice", "defaults: { total_ms: 5000, total_ms: 6000 }\n"),
        ("a key twice, once quoted", "defaults: { total_ms: 5000, 'total_ms': 6000 }\n"),
        ("a section twice", "defaults:\n  total_ms: 5000\ntiers: {}\ndefaults:\n  total_ms: 5000\n"),
        ("a dependency twice", "dependencies:\n  a: { total_ms: 50 }\n  a: { total_ms: 60 }\n"),
        ("tabs", "defaults:\n\ttotal_ms: 5000\n"),
        ("wrong indentation", "defaults:\n    total_ms: 5000\n  l2:\n    max_attempts: 2\n"),
        ("no space after the colon", "defaults:{total_ms:5000}\n"),
        ("an unterminated quote", "defaults: { refusals: 'answer }\n"),
        ("an unterminated double quote", "defaults:\n  refusals: \"answer\n"),
        ("an unknown escape", "defaults:\n  refusals: \"\\q\"\n"),
        ("an unterminated list", "defaults:\n  retry_on: { http: [503, 504\n"),
        ("an unterminated section", "defaults: { total_ms: 5000\n"),
        ("too many brackets", "defaults: { total_ms: 5000 }}\n"),
        ("a list that closes as a section", "defaults: { retry_on: { http: [503} }\n"),
        ("a reserved character", "defaults: @here\n"),
        ("a backtick", "defaults: `here`\n"),
        ("two values", "defaults: { total_ms: 5000 } 6\n"),
        ("a value and keys", "defaults: 5\n  total_ms: 5000\n"),
        ("a colon too many", "defaults: total_ms: 5000\n"),
        ("a directive of another version", "%YAML 9.9\n---\ndefaults: {}\n"),
        ("a text", "defaults: { total_ms: 5000"[..8] + "\n"),
        ("JSON that breaks off", "{ \"defaults\": { \"total_ms\": 5000 "),
        ("HTML", "<html><body>404: not found</body></html>\n"),
        ("a folded section", "defaults: >\n  total_ms: 5000\n"),
        ("a route without a target", "routes: { a: { sla_ms: 5 } }\n"),
        ("a route without a promise", "routes: { a: { to: b } }\n"),
        ("a route with a breaker", "routes: { a: { to: b, sla_ms: 5, breaker: { break_ms: 5 } } }\n"),
        ("a route with connections", "routes: { a: { to: b, sla_ms: 5, connections: { idle_ms: 5 } } }\n"),
        ("routes as a list", "routes: [a]\n"),
        ("services as a list", "services:\n  - orders\n"),
        ("a topology as a text", "topology: gateway -> orders\n"),
        ("dependencies of a service as a list", "services: { a: { dependencies: [b] } }\n"),
        ("a service that is a text", "services: { a: b }\n"),
        ("a window shorter than an attempt", "defaults: { l1: { window_ms: 10 } }\n"),
        ("a window shorter than an attempt while off", "defaults: { l1: { enabled: false, window_ms: 10 } }\n"),
        ("a break shorter than the recovery", "defaults: { breaker: { break_ms: 1000 } }\n"),
        ("a break shorter than the recovery, of nobody", "tiers: { breaker: { break_ms: 1000 } }\n"),
        ("too many attempts of a tier that nobody has on", "tiers: { l1: { max_attempts: 99 } }\n"),
        ("a reserve as long as the whole", "defaults: { reserve_ms: 10000 }\n"),
        ("more reserved than needed", "defaults: { reserve_ms: 20 }\n"),
        ("less than an attempt needs", "defaults: { total_ms: 8 }\n"),
        ("a cap below the base", "defaults: { l2: { max_delay_ms: 20 } }\n"),
    ];

    private static IEnumerable<(string Name, string Text)> Aliases()
    {
        yield return ("an anchor", "defaults: &a { total_ms: 5000 }\n");
        yield return ("an anchor on a key", "&a defaults: { total_ms: 5000 }\n");
        yield return ("an anchor on a number", "defaults: { total_ms: &a 5000 }\n");
        yield return ("an anchor on the whole", "&a\ndefaults: {}\n");
        yield return ("an alias", "defaults: &a { total_ms: 5000 }\nservices: { x: { defaults: *a } }\n");
        yield return ("an alias of nothing", "defaults: *a\n");
        yield return ("an alias as a key", "*a : 5\n");
        yield return ("an anchor that is in itself", "defaults: &a { l2: *a }\n");
        yield return ("a list that is in itself", "&a [*a]\n");
        yield return ("a merge key", "defaults: { <<: { total_ms: 5000 } }\n");
        yield return ("a merge key with an alias", "tiers: &a {}\ndefaults:\n  <<: *a\n");
        foreach (var tag in (string[])["!!int", "!!str", "!!map", "!!binary", "!local", "!<tag:x>", "!", "!!python/object/apply:os.system", "!unknown!x"])
        {
            yield return ($"the tag {tag} on a number", $"defaults: {{ total_ms: {tag} 5000 }}\n");
            yield return ($"the tag {tag} on a section", $"defaults: {tag}\n  total_ms: 5000\n");
        }

        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 12; level++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 9))}]\n");
        }

        yield return ("a billion laughs", bomb.ToString());
    }

    private static IEnumerable<(string Name, string Text)> Large()
    {
        const int Many = 100_000;
        yield return ("100,000 brackets", new string('[', Many));
        yield return ("100,000 brackets after a key", "defaults: " + new string('[', Many));
        yield return ("100,000 braces", new string('{', Many));
        yield return ("100,000 questions", string.Concat(Enumerable.Repeat("? ", Many)));
        yield return ("100,000 dashes", string.Concat(Enumerable.Repeat("- ", Many)));
        yield return ("100,000 closing brackets", new string(']', Many));
        yield return ("100,000 commas", "[" + new string(',', Many));
        yield return ("100,000 colons", string.Concat(Enumerable.Repeat(": ", Many)));
        yield return ("100,000 quotes", new string('\'', Many + 1));
        yield return ("100,000 exclamation marks", new string('!', Many));
        yield return ("100,000 ampersands", "&" + new string('a', Many) + " ");
        yield return ("nested keys", string.Concat(Enumerable.Range(0, 300).Select(depth => new string(' ', depth) + "a:\n")));
        yield return ("nested keys in braces", string.Concat(Enumerable.Repeat("{a: ", 50_000)));
        yield return ("a number of 200,000 digits", "defaults: { total_ms: " + new string('9', 200_000) + " }\n");
        yield return ("a fraction of 200,000 digits", "defaults: { total_ms: 0." + new string('0', 200_000) + "1 }\n");
        yield return ("a key of 200,000 characters", new string('k', 200_000) + ": 1\n");
        yield return ("a text of 200,000 characters", "defaults: { refusals: '" + new string('x', 200_000) + "' }\n");
        yield return ("20,000 unknown keys", string.Concat(Enumerable.Range(0, 19_000).Select(key => $"k{key}: 1\n")));
        yield return ("30,000 entries in a list", "defaults: { retry_on: { http: [" + string.Join(",", Enumerable.Repeat("503", 30_000)) + "] } }\n");
        yield return ("9,000 wrong defaults of 9,000 services",
            "defaults: {" + string.Join(",", Enumerable.Range(0, 9_000).Select(key => $"k{key}: 1")) + "}\nservices: {" + string.Join(",", Enumerable.Range(0, 9_000).Select(key => $"s{key}: {{}}")) + "}\n");
        yield return ("wrong defaults of 19,000 services", "defaults: { total_ms: 1 }\nservices: {" + string.Join(",", Enumerable.Range(0, 19_000).Select(key => $"s{key}: {{}}")) + "}\n");
        yield return ("just too large", "# " + new string('x', PolicySource.MaxBytes - 1));
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Encodings()
    {
        var good = Encoding.UTF8.GetBytes(GoodDocument.Text);
        byte[] Inserted(params byte[] bytes) => [.. good[..40], .. bytes, .. good[40..]];
        yield return ("UTF-16, little end first", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(GoodDocument.Text)]);
        yield return ("UTF-16, big end first", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(GoodDocument.Text)]);
        yield return ("UTF-16 without a mark", Encoding.Unicode.GetBytes(GoodDocument.Text));
        yield return ("UTF-32", [0xFF, 0xFE, 0, 0, .. Encoding.UTF32.GetBytes(GoodDocument.Text)]);
        yield return ("only the mark of UTF-16", [0xFF, 0xFE]);
        yield return ("only the mark of UTF-8", [0xEF, 0xBB, 0xBF]);
        yield return ("Latin-1", [.. "# Gru"u8, 0xDF, .. "\ndefaults: {}\n"u8]);
        yield return ("overlong UTF-8", Inserted(0xC0, 0xAF));
        yield return ("overlong NUL", Inserted(0xC0, 0x80));
        yield return ("half a surrogate", Inserted(0xED, 0xA0, 0x80));
        yield return ("beyond Unicode", Inserted(0xF4, 0x90, 0x80, 0x80));
        yield return ("a cut character at the end", [.. good, 0xE2, 0x82]);
        yield return ("a lone continuation", Inserted(0x80));
        yield return ("a NUL", Inserted(0));
        yield return ("a NUL at the end", [.. good, 0]);
        yield return ("a bell in a comment", [.. "# "u8, 7, .. "\ndefaults: {}\n"u8]);
        yield return ("an escape in a comment", [.. "# "u8, 27, .. "[31m\ndefaults: {}\n"u8]);
        yield return ("a program", [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0]);
        yield return ("an archive", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]);
        yield return ("all bytes", [.. Enumerable.Range(0, 256).Select(value => (byte)value)]);
        yield return ("50 MB", new byte[50 * 1024 * 1024]);
    }
}
