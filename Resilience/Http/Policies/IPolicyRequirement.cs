using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Something that a process needs of its policies, beyond what is right by itself. Register implementations as singletons; they are thread-safe.</summary>
public interface IPolicyRequirement
{
    /// <summary>Checks policies before they are put in force.</summary>
    /// <exception cref="PolicyInvalidException">They lack something; they are refused whole.</exception>
    void Check(PolicyDocument document);
}
