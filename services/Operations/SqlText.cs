using System.Diagnostics.CodeAnalysis;
using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Operations;

/// <summary>Texts of others for the database, which takes no zero character.</summary>
internal static class SqlText
{
    /// <summary>A parameter; null is null.</summary>
    public static NpgsqlParameter Of(string? value) => new() { Value = (object?)Clean(value) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>The text with a mark for each zero character; the letter itself has the original.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Clean(string? text) => text?.Replace('\0', '\uFFFD');
}
