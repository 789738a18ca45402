using System.Globalization;
using Microsoft.Extensions.Configuration;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Reads .NET configuration, which has neither lists nor types, as a policy text.</summary>
internal static class ConfigurationNodes
{
    private const char Separator = ':';

    /// <summary>The place, or null when nothing was said of it.</summary>
    public static PolicyNode? Of(IConfiguration? configuration)
    {
        if (configuration is null)
        {
            return null;
        }

        var node = Read(configuration);
        return node.Kind == PolicyNodeKind.Nothing ? null : node;
    }

    private static PolicyNode Read(IConfiguration configuration)
    {
        var (path, text) = configuration is IConfigurationSection section ? (section.Path, section.Value) : ("", null);
        var children = configuration.GetChildren().ToList();
        if (children.Count == 0)
        {
            return text is null ? PolicyNode.Nothing(path, separator: Separator) : PolicyNode.OfText(path, text, isQuoted: false, separator: Separator);
        }

        // Configuration in layers gives sections an empty text beside what is in them.
        return children.All(IsItem) && string.IsNullOrEmpty(text)
            ? PolicyNode.OfList(path, children.Select(Read), separator: Separator)
            : PolicyNode.OfSection(
                path,
                children.Select(child => KeyValuePair.Create(child.Key, Read(child))),
                separator: Separator,
                text: text,
                comparer: StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsItem(IConfigurationSection section) => int.TryParse(section.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
