using Replay.Books;
using Replay.Load;
using Replay.Reporting;

namespace Replay.Scenarios;

/// <summary>What a run plays: where its orders come from, and what must hold beyond the books' own rules.</summary>
internal interface IScenario
{
    /// <summary>The steps and the stock.</summary>
    Plan Plan { get; }

    /// <summary>The file behind the plan, where there is one.</summary>
    RetailSource? Source { get; }

    /// <summary>Judges what only this scenario can know. Called when the run is over.</summary>
    IEnumerable<Violation> Judge(IReadOnlyList<OrderRun> orders);
}
