namespace DeadLetters;

/// <summary>What the verbs work with, so that tests can put their own in its place.</summary>
/// <param name="Out">Where they write.</param>
/// <param name="Error">Where they complain.</param>
/// <param name="Environment">Environment variables.</param>
internal sealed record LetterTool(TextWriter Out, TextWriter Error, Func<string, string?> Environment)
{
    /// <summary>The process's own.</summary>
    public static LetterTool OfProcess() => new(Console.Out, Console.Error, System.Environment.GetEnvironmentVariable);
}
