using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace ResilientShop.Resilience.Durable.Migrations;

/// <summary>One step of a schema's history. Once applied somewhere it must never be edited; a change is a new script.</summary>
/// <param name="Name">Unique in its database, for example <c>trips/0001_trips.sql</c>.</param>
/// <param name="Sql">Statements that run in one transaction.</param>
public sealed record MigrationScript(string Name, string Sql)
{
    /// <summary>SHA-256 of the statements, independent of the line endings a checkout happened to use.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n").Trim())));

    /// <summary>
    /// The scripts embedded in <paramref name="assembly"/> under the logical name <c>folder/*.sql</c>, in the order of their names.
    /// They are applied under the name <c>module/file</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is none: the project forgot to embed them.</exception>
    public static IReadOnlyList<MigrationScript> Embedded(Assembly assembly, string folder, string module)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var prefix = folder + "/";
        var scripts = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => new MigrationScript($"{module}/{name[prefix.Length..]}", Read(assembly, name)))
            .ToList();

        return scripts.Count > 0
            ? scripts
            : throw new InvalidOperationException(
                $"{assembly.GetName().Name} embeds no script named '{prefix}*.sql'. Add <EmbeddedResource Include=\"{folder}/*.sql\" LogicalName=\"{folder}/%(Filename)%(Extension)\" />.");
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
