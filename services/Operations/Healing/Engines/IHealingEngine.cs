using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>What runs healings: Temporal, or the saga engine where no Temporal answers. Thread-safe.</summary>
internal interface IHealingEngine
{
    /// <summary>Its name, as it is kept with a healing.</summary>
    string Name { get; }

    /// <summary>Which it is and why, in one sentence.</summary>
    string Description { get; }

    /// <summary>Starts to heal; nothing happens when it was started before.</summary>
    Task StartAsync(HealingInput input, HealingSubject subject, CancellationToken cancellationToken);

    /// <summary>Passes on what a person said. The word is on record already.</summary>
    /// <returns>False when the healing has ended.</returns>
    /// <exception cref="HealingEngineException">The engine does not answer.</exception>
    Task<bool> SayAsync(Guid letter, HealingWord word, CancellationToken cancellationToken);
}

/// <summary>What runs a healing cannot be told something now. The message says why.</summary>
internal sealed class HealingEngineException(string message) : Exception(message);

/// <summary>Another engine that could heal is not there.</summary>
/// <param name="Reason">Why, as a sentence that ends with a full stop.</param>
internal sealed record EngineAbsence(string Reason);
