using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Finds the policy of a dependency: the library's defaults, over them the configuration's <c>defaults</c>, what code says, and the configuration's
/// <c>dependencies:NAME</c>. Thread-safe.
/// </summary>
internal sealed class PolicyBook(IOptions<ResilienceOptions> options)
{
    private const string Defaults = "defaults";
    private const string Dependencies = "dependencies";

    private readonly ResilienceOptions _options = options.Value;

    /// <exception cref="PolicyInvalidException">Something in it is wrong; every key is named.</exception>
    public DependencyPolicy PolicyOf(string dependency)
    {
        var errors = new PolicyErrors();
        var policy = Read(dependency, errors);
        return errors.Found.Count == 0 ? policy : throw new PolicyInvalidException(errors.Found);
    }

    /// <summary>Checks the whole configuration, whoever uses it.</summary>
    /// <exception cref="PolicyInvalidException">Something is wrong; all of it is named.</exception>
    public void Check()
    {
        var errors = new PolicyErrors();
        CheckShape(errors);

        // On their own as well: a client that nobody has named gets them as they are.
        Collect(Defaults, ReadSection(_options.Configuration?.GetSection(Defaults), new DependencyPolicy(), errors), errors);

        var configured = _options.Configuration?.GetSection(Dependencies).GetChildren().Select(section => section.Key) ?? [];
        foreach (var dependency in _options.Known.Union(configured))
        {
            Read(dependency, errors);
        }

        if (errors.Found.Count > 0)
        {
            throw new PolicyInvalidException([.. errors.Found.Distinct()]);
        }
    }

    private DependencyPolicy Read(string dependency, PolicyErrors errors)
    {
        var policy = ReadSection(_options.Configuration?.GetSection(Defaults), new DependencyPolicy(), errors);
        policy = _options.FromCode.GetValueOrDefault(dependency)?.Invoke(policy) ?? policy;
        policy = ReadSection(_options.Configuration?.GetSection(Dependencies).GetSection(dependency), policy, errors);
        Collect(dependency, policy, errors);
        return policy;
    }

    private static void Collect(string whose, DependencyPolicy policy, PolicyErrors errors)
    {
        var own = new PolicyErrors();
        policy.Validate(own);
        foreach (var error in own.Found)
        {
            errors.Add(error with { Key = $"{whose}: {error.Key}" });
        }
    }

    private void CheckShape(PolicyErrors errors)
    {
        RefuseValue(_options.Configuration as IConfigurationSection, errors);
        RefuseValue(_options.Configuration?.GetSection(Dependencies), errors);
        foreach (var child in _options.Configuration?.GetChildren() ?? [])
        {
            var isKnown = string.Equals(child.Key, Defaults, StringComparison.OrdinalIgnoreCase)
                || string.Equals(child.Key, Dependencies, StringComparison.OrdinalIgnoreCase);
            errors.Require(child.Path, "there", isKnown, $"must be {Defaults} or {Dependencies}");
        }
    }

    private static void RefuseValue(IConfigurationSection? section, PolicyErrors errors)
    {
        if (PolicySection.HasValue(section, out var text))
        {
            errors.Add(new PolicyError(section!.Path, $"'{text}'", "must be a section"));
        }
    }

    private static DependencyPolicy ReadSection(IConfigurationSection? section, DependencyPolicy policy, PolicyErrors errors) =>
        section is null ? policy : new PolicySection(section, errors).Read(policy);
}
