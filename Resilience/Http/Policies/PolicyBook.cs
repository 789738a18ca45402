using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Finds the policy of a dependency in this process: the library's defaults, over them those of the policy document and of the configuration, then what code says,
/// then what document and configuration say of the dependency. Of two that are equally special, this instance's own configuration wins. Thread-safe.
/// </summary>
internal sealed class PolicyBook(IOptions<ResilienceOptions> options)
{
    private const string Defaults = "defaults";
    private const string Dependencies = "dependencies";

    private readonly ResilienceOptions _options = options.Value;

    /// <summary>Keys that the configuration holds, whatever the document says.</summary>
    public IReadOnlyList<string> Pinned => [.. Leaves(ConfigurationNodes.Of(_options.Configuration))];

    /// <exception cref="PolicyInvalidException">Something in it is wrong; every key is named.</exception>
    public DependencyPolicy PolicyOf(string dependency) => PolicyOf(PolicyDocument.Empty, dependency, route: null);

    /// <exception cref="PolicyInvalidException">Something in it is wrong; every key is named.</exception>
    public DependencyPolicy PolicyOf(PolicyDocument document, string dependency, string? route)
    {
        var errors = new PolicyErrors();
        var policy = Read(document, dependency, route, errors);
        return errors.Found.Count == 0 ? policy : throw new PolicyInvalidException([.. errors.Found.Distinct()]);
    }

    /// <summary>Checks the configuration alone, whoever uses it.</summary>
    /// <exception cref="PolicyInvalidException">Something is wrong; all of it is named.</exception>
    public void Check() => Check(PolicyDocument.Empty);

    /// <summary>Checks what comes of a document in this process, whoever uses it.</summary>
    /// <exception cref="PolicyInvalidException">Something is wrong; all of it is named.</exception>
    public void Check(PolicyDocument document)
    {
        var errors = new PolicyErrors();
        CheckShape(errors);

        // On their own as well: a client that nobody has named gets them as they are.
        var defaults = new PolicyLayers(errors);
        AddDefaults(defaults, document);
        defaults.Validated(Defaults);

        var configured = _options.Configuration?.GetSection(Dependencies).GetChildren().Select(section => section.Key) ?? [];
        foreach (var dependency in _options.Known.Union(configured))
        {
            Read(document, dependency, route: null, errors);
        }

        if (errors.Found.Count > 0)
        {
            throw new PolicyInvalidException([.. errors.Found.Distinct()]);
        }
    }

    private DependencyPolicy Read(PolicyDocument document, string dependency, string? route, PolicyErrors errors)
    {
        var layers = new PolicyLayers(errors);
        AddDefaults(layers, document);
        layers.Code(_options.FromCode.GetValueOrDefault(dependency));
        document.AddDependency(layers, _options.Service, dependency);
        layers.Section(ConfigurationNodes.Of(_options.Configuration?.GetSection(Dependencies).GetSection(dependency)));
        if (route is not null && document.RouteCallsOf(route) is { } own)
        {
            layers.Route(own);
        }

        return layers.Validated(route is null ? dependency : $"routes.{route}");
    }

    private void AddDefaults(PolicyLayers layers, PolicyDocument document)
    {
        document.AddDefaults(layers, _options.Service);
        layers.Section(ConfigurationNodes.Of(_options.Configuration?.GetSection(Defaults)));
    }

    private void CheckShape(PolicyErrors errors)
    {
        if (ConfigurationNodes.Of(_options.Configuration) is not { } root)
        {
            return;
        }

        RefuseText(root, errors);
        if (root.Child(Dependencies) is { } dependencies)
        {
            RefuseText(dependencies, errors);
            foreach (var item in dependencies.Kind == PolicyNodeKind.List ? dependencies.Items : [])
            {
                errors.Add(item.Error("must be the name of a dependency with a section"));
            }
        }

        foreach (var (key, child) in root.Children)
        {
            var isKnown = string.Equals(key, Defaults, StringComparison.OrdinalIgnoreCase) || string.Equals(key, Dependencies, StringComparison.OrdinalIgnoreCase);
            errors.Require(child.Path, "there", isKnown, $"must be {Defaults} or {Dependencies}");
        }
    }

    private static void RefuseText(PolicyNode node, PolicyErrors errors)
    {
        if (node.Kind == PolicyNodeKind.Text || !string.IsNullOrEmpty(node.Text))
        {
            errors.Add(node.Error("must be a section"));
        }
    }

    private static IEnumerable<string> Leaves(PolicyNode? node) =>
        node is null ? [] : node.Children.Count == 0 ? [node.Path] : node.Children.Values.SelectMany(Leaves);
}
