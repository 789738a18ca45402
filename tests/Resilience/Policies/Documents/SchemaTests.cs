using System.Text;
using System.Text.Json.Nodes;
using NJsonSchema;

namespace Resilience.Tests.Policies.Documents;

/// <summary>The published schema says what the reader takes: neither knows a key, a type or a limit that the other does not.</summary>
public sealed class SchemaTests
{
    private static readonly string Folder = FindConfig();
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "resilience.schema.json")))!.AsObject();

    /// <summary>Every number of a call policy: where it stands, its schema.</summary>
    public static TheoryData<string> Numbers => [.. Leaves("policy").Where(leaf => leaf.Schema["type"]?.GetValue<string>() is "number" or "integer").Select(leaf => leaf.Path)];

    [Fact]
    public async Task The_shipped_policies_fit_the_schema()
    {
        var schema = await JsonSchema.FromJsonAsync(Schema.ToJsonString(), TestContext.Current.CancellationToken);
        var yaml = new YamlDotNet.Serialization.DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build()
            .Deserialize(File.ReadAllText(Path.Combine(Folder, "resilience.yaml")));
        var json = new YamlDotNet.Serialization.SerializerBuilder().JsonCompatible().Build().Serialize(yaml!);
        schema.Validate(json).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_is_taken_at_its_limits_and_refused_beyond_them(string path)
    {
        var schema = Leaves("policy").First(leaf => leaf.Path == path).Schema;
        var least = Limit(schema, "minimum");
        var most = Limit(schema, "maximum") ?? Limit(schema, "exclusiveMaximum");
        Complaints(path, Text(most!.Value + 1)).ShouldContain(complaint => complaint.EndsWith(path, StringComparison.Ordinal), path);
        Complaints(path, Text(least is { } minimum ? minimum - 1 : 0)).ShouldContain(complaint => complaint.EndsWith(path, StringComparison.Ordinal), path);
        Complaints(path, "many").ShouldHaveSingleItem().ShouldBe($"defaults.{path}");
        if (Limit(schema, "maximum") is { } maximum)
        {
            Complaints(path, Text(maximum)).ShouldNotContain($"defaults: {path}");
        }
    }

    [Fact]
    public void The_reader_names_the_keys_of_the_schema_when_it_meets_another()
    {
        foreach (var (section, definition) in new[] { ("", "policy"), ("l1", "l1"), ("l2", "l2"), ("breaker", "breaker"), ("retry_budget", "retry_budget"), ("connections", "connections"), ("retry_on", "retry_on") })
        {
            var yaml = section.Length == 0 ? "defaults: { unheard_of: 1 }" : $"defaults: {{ {section}: {{ unheard_of: 1 }} }}";
            var error = Errors(yaml).Single(error => error.Key.EndsWith("unheard_of", StringComparison.Ordinal));
            var known = error.Expected["must be one of ".Length..].Split(", ");
            known.ShouldBe(Schema["definitions"]![definition]!["properties"]!.AsObject().Select(property => property.Key), ignoreOrder: true, section);
        }
    }

    [Fact]
    public void The_parts_of_a_document_are_those_of_the_schema()
    {
        var known = Errors("unheard_of: 1").Single().Expected["must be one of ".Length..].Split(", ");
        known.ShouldBe(Schema["properties"]!.AsObject().Select(property => property.Key), ignoreOrder: true);
    }

    [Fact]
    public void Defaults_are_those_of_the_library()
    {
        foreach (var (path, schema) in Leaves("policy").Where(leaf => leaf.Schema["default"] is not null && leaf.Schema["enum"] is null))
        {
            var part = path.Contains('.', StringComparison.Ordinal) ? path[..path.IndexOf('.', StringComparison.Ordinal)] : null;
            if (part is "l1" || path.EndsWith("enabled", StringComparison.Ordinal))
            {
                continue;
            }

            Load($"defaults: {Nested(path, schema["default"]!.ToJsonString())}").PolicyOf(null, "x").ShouldBe(new DependencyPolicy(), path);
        }
    }

    private static IEnumerable<(string Path, JsonObject Schema)> Leaves(string definition, string prefix = "")
    {
        foreach (var (key, value) in Schema["definitions"]![definition]!["properties"]!.AsObject())
        {
            if (value!["$ref"]?.GetValue<string>() is { } reference)
            {
                foreach (var leaf in Leaves(reference.Split('/')[^1], $"{prefix}{key}."))
                {
                    yield return leaf;
                }
            }
            else
            {
                yield return (prefix + key, value.AsObject());
            }
        }
    }

    private static IEnumerable<string> Complaints(string path, string value) => Errors($"defaults: {Nested(path, value)}").Select(error => error.Key);

    private static IReadOnlyList<PolicyError> Errors(string yaml)
    {
        try
        {
            Load(yaml);
            return [];
        }
        catch (PolicyInvalidException invalid)
        {
            return invalid.Errors;
        }
    }

    private static PolicyDocument Load(string yaml) => PolicyDocument.Load([new PolicySource(PolicyScope.Whole, "test.yaml", Encoding.UTF8.GetBytes(yaml))]);

    private static string Nested(string path, string value) => path.Split('.').Reverse().Aggregate(value, (inner, key) => $"{{ {key}: {inner} }}");

    private static double? Limit(JsonObject schema, string name) => schema[name]?.GetValue<double>();

    private static string Text(double number) => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    private static string FindConfig()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "config", "resilience.yaml")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, "config");
    }
}
