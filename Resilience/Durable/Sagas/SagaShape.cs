namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Finds where a definition no longer is what the sagas of its version were started with.</summary>
internal static class SagaShape
{
    /// <summary>Names the first place where the two differ.</summary>
    public static SagaDefinitionException Changed(SagaDefinition definition, string registered, long underWay)
    {
        var (then, now) = (Parts(registered), Parts(definition.Shape));
        var place = Enumerable.Range(0, Math.Max(then.Length, now.Length)).First(index => PartAt(then, index) != PartAt(now, index));
        var step = PartAt(now, place) ?? PartAt(then, place)!;
        var rule = FormattableString.Invariant(
            $"{underWay} sagas of this version are under way and have {Text(PartAt(then, place))} there (they were started as '{registered}', this is '{definition.Shape}')");
        return new SagaDefinitionException(
            definition.Name, definition.Version, step.TrimEnd('!'), $"{rule}; register the change as version {definition.Version + 1} beside this one, until they have ended");
    }

    private static string? PartAt(string[] parts, int index) => index < parts.Length ? parts[index] : null;

    private static string Text(string? part) => part switch
    {
        null or "" => "nothing",
        [.. var name, '!'] => $"the pivot '{name}'",
        _ => $"'{part}'",
    };

    private static string[] Parts(string shape) => shape.Split([':', ','], StringSplitOptions.TrimEntries);
}
