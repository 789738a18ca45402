using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Resilience.Tests.Policies;

/// <summary>Schema and reader, asked about every key wherever it can stand: what one takes, so does the other.</summary>
public sealed partial class SchemaAgreementTests
{
    /// <summary>YAML knows them as numbers, and a schema sees no more than the number. The reader is the stricter one.</summary>
    private static readonly string[] OnlyTheReaderSees = ["0x10", "0o17"];

    /// <summary>Numbers that JSON cannot write down. An editor sees them as infinite, and so above any maximum.</summary>
    private static readonly string[] NotInJson = [".nan", ".inf", "-.inf", "1e400", "-1e400"];

    private static readonly Lazy<Task<JsonSchema>> Published = new(() => JsonSchema.FromFileAsync(Path.Combine(FindConfig(), "resilience.schema.json")));

    private static readonly PolicyKey[] Keys =
    [
        .. PolicyKeys.OfTiers(), .. PolicyKeys.OfCalls("defaults"), .. PolicyKeys.OfCalls("dependencies.x"), .. PolicyKeys.OfCalls("services.s.defaults"),
        .. PolicyKeys.OfCalls("services.s.dependencies.x"), .. PolicyKeys.OfTopology("topology.t"), .. PolicyKeys.OfDegradation("degradation"), .. PolicyKeys.OfDegradation("services.s.degradation"), .. PolicyKeys.OfRelease("release"), .. PolicyKeys.OfRelease("services.s.release"), .. PolicyKeys.OfRoute("routes.r"), .. PolicyKeys.OfRouteItself("routes.r"),
    ];

    public static TheoryData<string> Paths => [.. Keys.Select(key => key.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task What_is_right_for_a_key_is_right_for_both(string path)
    {
        foreach (var value in Keys.First(key => key.Path == path).Good)
        {
            var text = Saying(path, value);
            Should.NotThrow(() => GoodDocument.Load(text), text);
            (await Complaints(text)).ShouldBeEmpty(text);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task What_is_wrong_for_a_key_is_wrong_for_both(string path)
    {
        foreach (var value in Keys.First(key => key.Path == path).Bad.Except([.. OnlyTheReaderSees, .. NotInJson]))
        {
            var text = Saying(path, value);
            GoodDocument.ShouldBeRefused(text);
            (await Complaints(text)).ShouldNotBeEmpty(text);
        }
    }

    [Fact]
    public async Task A_document_that_says_everything_is_right_for_both()
    {
        GoodDocument.Load(GoodDocument.Text);
        (await Complaints(GoodDocument.Text)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("tiers")]
    [InlineData("tiers.l1")]
    [InlineData("tiers.breaker")]
    [InlineData("tiers.retry_budget")]
    [InlineData("defaults")]
    [InlineData("defaults.l1")]
    [InlineData("dependencies.x.breaker")]
    [InlineData("services.s")]
    [InlineData("services.s.dependencies.x.connections")]
    [InlineData("routes.r")]
    [InlineData("routes.r.l2")]
    [InlineData("topology.t")]
    [InlineData("degradation")]
    [InlineData("services.s.degradation")]
    [InlineData("release")]
    [InlineData("services.s.release")]
    public async Task Each_section_has_the_same_keys_in_both(string section)
    {
        var path = section.Length == 0 ? "unheard_of" : $"{section}.unheard_of";
        var text = Saying(path, "1");
        var error = GoodDocument.ShouldBeRefused(text).Single(error => error.Key.EndsWith("unheard_of", StringComparison.Ordinal));
        (await Complaints(text)).ShouldNotBeEmpty();

        var schema = await Published.Value;
        foreach (var key in section.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            schema = schema.ActualSchema.Properties.TryGetValue(key, out var property) ? property.ActualSchema
                : schema.ActualSchema.AdditionalPropertiesSchema?.ActualSchema ?? schema.ActualSchema.PatternProperties.Values.Single().ActualSchema;
        }

        var known = error.Expected["must be one of ".Length..].Split(", ");
        schema.ActualSchema.Properties.Keys.ShouldBe(known, ignoreOrder: true, section);
    }

    [Theory]
    [InlineData("defaults: { l1: {} }", false)]
    [InlineData("defaults: { l2: {} }", true)]
    [InlineData("tiers: { l1: {}, breaker: {} }", true)]
    [InlineData("tiers: { l1: { enabled: true } }", false)]
    [InlineData("dependencies: { x: {} }", true)]
    [InlineData("topology: { t: { calls: [a, a] } }", true)]
    [InlineData("services: { s: {} }", true)]
    [InlineData("routes: { r: {} }", false)]
    [InlineData("routes: { r: { to: a } }", false)]
    [InlineData("routes: { r: { to: a, sla_ms: 5, breaker: { break_ms: 9000 } } }", false)]
    [InlineData("routes: { r: { to: a, sla_ms: 5, retry_budget: { floor: 1 } } }", false)]
    [InlineData("routes: { r: { to: a, sla_ms: 5, connections: { idle_ms: 1 } } }", false)]
    [InlineData("defaults: ~", false)]
    [InlineData("{}", true)]
    public async Task Shapes_are_right_for_both_or_for_none(string text, bool isRight)
    {
        if (isRight)
        {
            GoodDocument.Load(text);
        }
        else
        {
            GoodDocument.ShouldBeRefused(text);
        }

        (await Complaints(text)).ShouldSatisfyAllConditions(complaints => (complaints.Count == 0).ShouldBe(isRight, $"{text}: {string.Join(' ', complaints)}"));
    }

    /// <summary>By hand, because the validator of these tests does not look at <c>propertyNames</c>; editors do.</summary>
    [Fact]
    public void Names_are_restricted_wherever_somebody_gives_them()
    {
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(FindConfig(), "resilience.schema.json")))!;
        JsonNode?[] given =
        [
            .. ((string[])["dependencies", "services", "routes", "topology"]).Select(part => schema["properties"]![part]),
            schema["definitions"]!["service"]!["properties"]!["dependencies"],
        ];
        foreach (var names in given)
        {
            names!["propertyNames"]!["pattern"]!.GetValue<string>().ShouldBe("^[A-Za-z0-9_-]{1,64}$");
        }
    }

    /// <summary>A route cannot be without its own keys, so that what is said of one stands beside them.</summary>
    private static string Saying(string path, string value)
    {
        if (!path.StartsWith("routes.", StringComparison.Ordinal))
        {
            return GoodDocument.Saying(path, value);
        }

        var key = path.Split('.')[2];
        var own = key switch { "to" => "    sla_ms: 2000\n", "sla_ms" => "    to: orders\n", _ => "    to: orders\n    sla_ms: 2000\n" };
        return GoodDocument.Saying(path, value) + own;
    }

    private static async Task<ICollection<NJsonSchema.Validation.ValidationError>> Complaints(string text)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException)
        {
            return [new NJsonSchema.Validation.ValidationError(NJsonSchema.Validation.ValidationErrorKind.Unknown, "", "", null, await Published.Value)];
        }

        return (await Published.Value).Validate(ToJson(yaml.Documents[0].RootNode)?.ToJsonString() ?? "null");
    }

    /// <summary>As editors read YAML: by its core schema, in which only what is plain can be something else than a text.</summary>
    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode section => new JsonObject(section.Select(child => KeyValuePair.Create(((YamlScalarNode)child.Key).Value!, ToJson(child.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "True" or "TRUE" } => JsonValue.Create(true),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "false" or "False" or "FALSE" } => JsonValue.Create(false),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when Whole().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when Number().IsMatch(text) => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(((YamlScalarNode)node).Value),
    };

    private static string FindConfig()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "config", "resilience.schema.json")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, "config");
    }

    [GeneratedRegex("^[-+]?[0-9]+$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Number();
}
