using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Resilience.Tests.Policies;

/// <summary>Policies out of configuration.</summary>
internal static class ConfiguredPolicies
{
    public static PolicyBook FromJson(string json, Action<ResilienceOptions>? configure = null)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return Book(new ConfigurationBuilder().AddJsonStream(stream).Build(), configure);
    }

    public static PolicyBook FromKeys(params (string Key, string? Value)[] entries) => Book(
        new ConfigurationBuilder().AddInMemoryCollection(entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value))).Build(), configure: null);

    /// <summary>What the book says is wrong, at the start of the host; and that it says so of every dependency that is used as well.</summary>
    public static IReadOnlyList<PolicyError> ShouldBeRefused(this PolicyBook book, string? dependency = "payments")
    {
        if (dependency is not null)
        {
            Should.Throw<PolicyInvalidException>(() => book.PolicyOf(dependency));
        }

        var errors = Should.Throw<PolicyInvalidException>(book.Check).Errors;
        errors.ShouldAllBe(error => error.Key.Length > 0 && error.Value.Length > 0 && error.Expected.StartsWith("must "));
        return errors;
    }

    private static PolicyBook Book(IConfiguration configuration, Action<ResilienceOptions>? configure)
    {
        var options = new ResilienceOptions { Configuration = configuration };
        configure?.Invoke(options);
        return new PolicyBook(Options.Create(options));
    }
}
