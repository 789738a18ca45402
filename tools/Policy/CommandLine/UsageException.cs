namespace Policy.CommandLine;

/// <summary>The command line asks for what cannot be; the message names the option or argument, its value and what would be right.</summary>
internal sealed class UsageException(string message) : Exception(message);
