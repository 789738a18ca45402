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
        foreach (var child in _options.Configuration?.GetChildren() ?? [])
        {
            errors.Require(child.Path, "there", child.Key is Defaults or Dependencies, $"must be {Defaults} or {Dependencies}");
        }

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
        var own = new PolicyErrors();
        policy.Validate(own);
        foreach (var error in own.Found)
        {
            errors.Add(error with { Key = $"{dependency}: {error.Key}" });
        }

        return policy;
    }

    private static DependencyPolicy ReadSection(IConfigurationSection? section, DependencyPolicy policy, PolicyErrors errors) =>
        section is null ? policy : new PolicySection(section, errors).Read(policy);
}
