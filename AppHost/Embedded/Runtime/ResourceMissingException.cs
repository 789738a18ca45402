namespace AppHost.Embedded.Runtime;

/// <summary>A resource cannot be had on this machine. The message says what is missing and how to get it.</summary>
internal sealed class ResourceMissingException(string message) : Exception(message);
