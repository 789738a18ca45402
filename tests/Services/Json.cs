using System.Text;

namespace Services.Tests;

/// <summary>Request bodies written by hand, also those that no serializer would write.</summary>
internal static class Json
{
    public static StringContent Body(string text) => new(text, Encoding.UTF8, "application/json");
}
