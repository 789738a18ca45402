using Replay.Reporting;

namespace Replay.Drills;

/// <summary>Carries a drill out, and watches how the services take it. For one caller; <see cref="Record"/> may be read when <see cref="RunAsync"/> is over.</summary>
internal sealed class DrillRun(Drill drill, IDrillShop shop, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>The drill.</summary>
    public Drill Drill => drill;

    /// <summary>What was seen.</summary>
    public DrillRecord Record { get; } = new();

    /// <summary>When the first order was sent, as a timestamp of the clock.</summary>
    public long Start { get; private set; }

    /// <summary>Does all steps; the clock of the drill starts now. Returns when its time is over.</summary>
    public async Task RunAsync(IProgressBoard board, CancellationToken cancellationToken)
    {
        Start = time.GetTimestamp();
        using var stage = board.Begin(drill.Name, drill.Steps.Count);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(board, over.Token);
        try
        {
            foreach (var step in drill.Steps)
            {
                await UntilAsync(step.At, cancellationToken);
                Say(board, step.What);
                await step.DoAsync(shop, cancellationToken);
                stage.Advance();
            }

            await UntilAsync(drill.Length, cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await LookAsync(board, cancellationToken);
    }

    private async Task WatchAsync(IProgressBoard board, CancellationToken cancellationToken)
    {
        while (true)
        {
            await LookAsync(board, cancellationToken);
            await Task.Delay(Look, time, cancellationToken);
        }
    }

    private async Task LookAsync(IProgressBoard board, CancellationToken cancellationToken)
    {
        if (await shop.ReleaseAsync(drill.ReleasedService, cancellationToken) is { } release && Record.See(time.GetElapsedTime(Start), release) is { } moved)
        {
            Say(board, FormattableString.Invariant($"release of {drill.ReleasedService}: {moved.To.Stage}, canary at {moved.To.Share:P0}. {moved.To.Reason}"));
        }

        foreach (var level in await shop.LevelsAsync(cancellationToken))
        {
            if (Record.See(time.GetElapsedTime(Start), level) is { } change)
            {
                Say(board, FormattableString.Invariant($"{level.Instance}: {change.From} -> {level.Level}, {level.NormalShare:P0} as always. {level.Reason}"));
            }
        }
    }

    private void Say(IProgressBoard board, string text) => board.Say(FormattableString.Invariant($"{time.GetElapsedTime(Start).TotalSeconds,6:0.0} s  {text}"));

    private async Task UntilAsync(TimeSpan at, CancellationToken cancellationToken)
    {
        if (at - time.GetElapsedTime(Start) is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }
}
