using System.Data.Common;
using System.Globalization;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Reads <see cref="EtcdPolicyOptions"/> from a text. What it finds wrong it does not repeat where a password may stand in it.</summary>
internal static class EtcdConnectionString
{
    private const string Subject = "etcd's connection string";

    private static readonly string[] Keys =
    [
        nameof(EtcdPolicyOptions.Endpoints), nameof(EtcdPolicyOptions.Prefix), nameof(EtcdPolicyOptions.Username), nameof(EtcdPolicyOptions.Password),
        nameof(EtcdPolicyOptions.CaFile), nameof(EtcdPolicyOptions.CertFile), nameof(EtcdPolicyOptions.KeyFile), nameof(EtcdPolicyOptions.AcknowledgementLease),
    ];

    /// <exception cref="PolicyInvalidException">It cannot be read.</exception>
    public static EtcdPolicyOptions Read(string connectionString)
    {
        var text = connectionString.Trim();
        var parts = PartsOf(text.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? $"{nameof(EtcdPolicyOptions.Endpoints)}={text}" : text);
        var options = new EtcdPolicyOptions
        {
            Endpoints = Text(nameof(EtcdPolicyOptions.Endpoints)) ?? "",
            Prefix = Text(nameof(EtcdPolicyOptions.Prefix)) ?? EtcdPolicyOptions.DefaultPrefix,
            Username = Text(nameof(EtcdPolicyOptions.Username)),
            Password = Text(nameof(EtcdPolicyOptions.Password)),
            CaFile = Text(nameof(EtcdPolicyOptions.CaFile)),
            CertFile = Text(nameof(EtcdPolicyOptions.CertFile)),
            KeyFile = Text(nameof(EtcdPolicyOptions.KeyFile)),
        };
        return Text(nameof(EtcdPolicyOptions.AcknowledgementLease)) is { } lease ? options with { AcknowledgementLease = Seconds(lease) } : options;

        string? Text(string key) => parts.TryGetValue(key, out var value) && value is string { Length: > 0 } given ? given : null;
    }

    private static DbConnectionStringBuilder PartsOf(string text)
    {
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = text };
            return parts.Keys.Cast<string>().All(key => Keys.Contains(key, StringComparer.OrdinalIgnoreCase))
                ? parts
                : throw Wrong(Subject, "with a key that there is not", $"must have no keys but {string.Join(", ", Keys)}; a value with ';' in it is quoted");
        }
        catch (ArgumentException)
        {
            throw Wrong(Subject, "not readable", "must be addresses such as http://127.0.0.1:2379, or key=value pairs separated by ';'");
        }
    }

    private static TimeSpan Seconds(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2))
            : throw Wrong("etcd's AcknowledgementLease", PolicyNode.Quote(text), "must be a number of seconds");

    private static PolicyInvalidException Wrong(string key, string value, string expected) => new([new PolicyError(key, value, expected)]);
}
