namespace ResilientShop.Replay.Reporting;

/// <summary>Shows how far the stages of a run are.</summary>
internal interface IProgressBoard
{
    /// <summary>Begins a stage of <paramref name="total"/> steps; disposing it ends it.</summary>
    IProgressStage Begin(string title, int total);
}

/// <summary>A stage of a run. Thread-safe.</summary>
internal interface IProgressStage : IDisposable
{
    /// <summary>One more step is done.</summary>
    void Advance();
}
