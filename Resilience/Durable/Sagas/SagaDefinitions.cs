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
            definition.Validate();
            if (!_byVersion.TryAdd((definition.Name, definition.Version), definition))
            {
                throw new InvalidOperationException($"Saga '{definition.Name}' version {definition.Version} is registered twice.");
            }

            _latest[definition.Name] = definition;
        }

        All = [.. _byVersion.Values];
        Names = [.. _byVersion.Keys.Select(key => key.Name)];
        Versions = [.. _byVersion.Keys.Select(key => key.Version)];
    }

    public IReadOnlyList<SagaDefinition> All { get; }

    /// <summary>Names, in the order of <see cref="Versions"/>.</summary>
    public string[] Names { get; }

    public int[] Versions { get; }

    public SagaDefinition Latest(string name) => _latest.TryGetValue(name, out var definition)
        ? definition
        : throw new ArgumentException($"There is no saga named '{name}'; known are: {string.Join(", ", _latest.Keys)}.", nameof(name));

    /// <summary>The definition, or null when this instance does not know it.</summary>
    public SagaDefinition? Find(string name, int version) => _byVersion.GetValueOrDefault((name, version));
}
