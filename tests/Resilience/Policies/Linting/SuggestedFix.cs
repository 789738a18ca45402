using System.Text.RegularExpressions;

namespace Resilience.Tests.Policies;

/// <summary>Does what a finding suggests.</summary>
internal static partial class SuggestedFix
{
    /// <summary>The document after each of the ways that the fix suggests.</summary>
    public static IEnumerable<(string Way, PolicyDocument Document)> Apply(string text, string fix)
    {
        fix.ShouldEndWith(".");
        foreach (var way in fix[..^1].Split("; or "))
        {
            var settings = way.Split(" and ").Select(setting => Setting().Match(setting)).ToList();
            settings.ShouldAllBe(setting => setting.Success, fix);
            var scopes = settings.Select(setting => Scope(setting.Groups["path"].Value, setting.Groups["value"].Value)).ToLookup(scope => scope.Scope, scope => (scope.Keys, scope.Value));
            yield return (way, GoodDocument.Load([(PolicyScope.Whole, text), .. scopes.Select(scope => (scope.Key, Yaml([.. scope])))]));
        }
    }

    private static (string Scope, string[] Keys, string Value) Scope(string path, string value)
    {
        var keys = path.Split('.');
        var length = PolicyScope.IsValid(keys[0]) ? 1 : 2;
        return (string.Join('/', keys[..length]), keys[length..], value);
    }

    private static string Yaml(IReadOnlyList<(string[] Keys, string Value)> settings) => "{ " + string.Join(", ", settings.GroupBy(setting => setting.Keys[0]).Select(group =>
        group.First().Keys.Length == 1 ? $"{group.Key}: {group.Single().Value}" : $"{group.Key}: {Yaml([.. group.Select(setting => (setting.Keys[1..], setting.Value))])}")) + " }";

    [GeneratedRegex("^set (?<path>[A-Za-z0-9_.-]+) to (?<value>[a-z0-9.]+)$")]
    private static partial Regex Setting();
}
