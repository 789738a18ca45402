namespace Policy.Output;

/// <summary>A colour of a terminal's own palette, so that it suits dark and light ones.</summary>
internal readonly record struct Ink(int Code)
{
    /// <summary>Wrong, or taken away.</summary>
    public static readonly Ink Red = new(31);

    /// <summary>Added.</summary>
    public static readonly Ink Green = new(32);

    /// <summary>Works, but not as one would think.</summary>
    public static readonly Ink Yellow = new(33);

    /// <summary>Places.</summary>
    public static readonly Ink Cyan = new(36);

    /// <summary>By the way.</summary>
    public static readonly Ink Grey = new(90);

    /// <summary>A text in this colour when it <paramref name="isWanted"/>.</summary>
    public string On(string text, bool isWanted) => isWanted ? FormattableString.Invariant($"\e[{Code}m{text}\e[0m") : text;
}
