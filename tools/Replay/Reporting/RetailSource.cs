using Replay.OnlineRetail;

namespace Replay.Reporting;

/// <summary>The file that a run replays, and what its cancellations were matched to.</summary>
internal sealed record RetailSource(string Path, RetailDay Day, IReadOnlyList<CancellationMatch> Matches);
