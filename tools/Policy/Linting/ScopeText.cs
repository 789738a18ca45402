namespace Policy.Linting;

/// <summary>
/// Reads the bytes of a scope, and at most one more than a scope may have: that is refused with the rest, and never fills the memory.
/// </summary>
internal static class ScopeText
{
    /// <summary>Reads a file.</summary>
    public static byte[] ReadFile(string file)
    {
        using var stream = File.OpenRead(file);
        return Read(stream);
    }

    /// <summary>Reads a stream.</summary>
    public static byte[] Read(Stream stream)
    {
        var buffer = new byte[PolicySource.MaxBytes + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return buffer[..length];
    }
}
