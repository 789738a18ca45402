namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>The definitions this instance knows. Immutable, thread-safe.</summary>
internal sealed class SagaDefinitions
{
    private readonly Dictionary<(string Name, int Version), SagaDefinition> _byVersion = [];
    private readonly Dictionary<string, SagaDefinition> _latest = new(StringComparer.Ordinal);

    public SagaDefinitions(IEnumerable<SagaDefinition> definitions)
    {
        foreach (var definition in definitions.OrderBy(definition => definition.Version))
        {
            if (!_byVersion.TryAdd((definition.Name, definition.Version), definition))
            {
                throw new InvalidOperationException($"Saga '{definition.Name}' version {definition.Version} is registered twice.");
            }

            _latest[definition.Name] = definition;
        }

        Names = [.. _byVersion.Keys.Select(key => key.Name)];
        Versions = [.. _byVersion.Keys.Select(key => key.Version)];
    }

    /// <summary>Names, in the order of <see cref="Versions"/>.</summary>
    public string[] Names { get; }

    public int[] Versions { get; }

    public SagaDefinition Latest(string name) => _latest.TryGetValue(name, out var definition)
        ? definition
        : throw new ArgumentException($"There is no saga named '{name}'; known are: {string.Join(", ", _latest.Keys)}.", nameof(name));

    public SagaDefinition Get(string name, int version) => _byVersion.TryGetValue((name, version), out var definition)
        ? definition
        : throw new InvalidOperationException($"Saga '{name}' version {version} is not known to this instance.");
}
