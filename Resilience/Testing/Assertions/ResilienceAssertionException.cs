namespace ResilientShop.Resilience.Testing;

/// <summary>
/// What was recorded is not what was expected, or work on a <see cref="VirtualClock"/> cannot end. Belongs to no test framework: all of them
/// report it as a failure. The message has everything that was recorded.
/// </summary>
public sealed class ResilienceAssertionException : Exception
{
    /// <summary>A failure without a message; only there because exceptions are expected to have it.</summary>
    public ResilienceAssertionException()
    {
    }

    /// <summary>A failure.</summary>
    /// <param name="message">What was expected, what was found, and the record.</param>
    public ResilienceAssertionException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with a cause.</summary>
    /// <param name="message">What was expected, what was found, and the record.</param>
    /// <param name="innerException">The cause.</param>
    public ResilienceAssertionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
