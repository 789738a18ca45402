namespace Replay.OnlineRetail;

/// <summary>A line of the file as an editor shows it: <paramref name="Number"/> starts at 1; the line end is not part of the text.</summary>
internal readonly record struct PhysicalLine(int Number, string Text, bool TooLong);
