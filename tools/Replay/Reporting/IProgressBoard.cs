namespace Replay.Reporting;

/// <summary>Shows how far the stages of a run are. Thread-safe.</summary>
internal interface IProgressBoard
{
    /// <summary>Begins a stage of <paramref name="total"/> steps; disposing it ends it.</summary>
    IProgressStage Begin(string title, int total);

    /// <summary>Says that something happened, in a line of its own.</summary>
    void Say(string line);
}

/// <summary>A stage of a run. Thread-safe.</summary>
internal interface IProgressStage : IDisposable
{
    /// <summary>One more step is done.</summary>
    void Advance();
}
