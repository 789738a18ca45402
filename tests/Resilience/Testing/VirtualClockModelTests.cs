using CsCheck;

namespace Resilience.Tests.Testing;

/// <summary>The clock against the simplest thing that could be right: a list that is searched for what is due next.</summary>
public sealed class VirtualClockModelTests
{
    private static readonly string[] Kinds = ["create", "change", "dispose", "advance", "next"];

    // Few distinct times, so that many timers are due together.
    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, Kinds.Length - 1].Select(kind => Kinds[kind]), Gen.Int[0, 9], Gen.Int[-1, 6], Gen.Int[-1, 3],
        (what, which, due, period) => new Step(what, which, due, period));

    [Fact]
    public void Any_sequence_of_steps_fires_the_same_timers_at_the_same_times_as_the_model() =>
        Steps.Array[0, 60].Sample(steps =>
        {
            var clock = new VirtualClock();
            var model = new Model();
            var timers = new List<ITimer>();
            var fired = new List<(int Id, long At)>();
            foreach (var step in steps)
            {
                Do(step, clock, timers, fired);
                model.Do(step);
                clock.Elapsed.Ticks.ShouldBe(model.Now);
                clock.ActiveTimers.ShouldBe(model.Active);
                fired.ShouldBe(model.Fired);
            }
        }, iter: 2000);

    private static void Do(Step step, VirtualClock clock, List<ITimer> timers, List<(int Id, long At)> fired)
    {
        switch (step.What)
        {
            case "create":
                var id = timers.Count;
                timers.Add(clock.CreateTimer(_ => fired.Add((id, clock.Elapsed.Ticks)), null, Ticks(step.Due), Ticks(step.Period)));
                break;
            case "change" when step.Which < timers.Count:
                timers[step.Which].Change(Ticks(step.Due), Ticks(step.Period));
                break;
            case "dispose" when step.Which < timers.Count:
                timers[step.Which].Dispose();
                break;
            case "advance":
                clock.Advance(TimeSpan.FromTicks(step.Which));
                break;
            case "next":
                clock.TryAdvanceToNextTimer();
                break;
        }
    }

    private static TimeSpan Ticks(int ticks) => ticks < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(ticks);

    private sealed record Step(string What, int Which, int Due, int Period);

    private sealed class Model
    {
        private readonly List<Entry> _entries = [];
        private int _sequence;

        public long Now { get; private set; }

        public List<(int Id, long At)> Fired { get; } = [];

        public int Active => _entries.Count(entry => entry.DueAt is not null);

        public void Do(Step step)
        {
            switch (step.What)
            {
                case "create":
                    _entries.Add(new Entry());
                    Set(_entries[^1], step);
                    break;
                case "change" when step.Which < _entries.Count:
                    Set(_entries[step.Which], step);
                    break;
                case "dispose" when step.Which < _entries.Count:
                    _entries[step.Which].DueAt = null;
                    _entries[step.Which].IsDisposed = true;
                    break;
                case "advance":
                    var target = Now + step.Which;
                    while (FireNext(target))
                    {
                    }

                    Now = target;
                    break;
                case "next":
                    FireNext(long.MaxValue);
                    break;
            }
        }

        private void Set(Entry entry, Step step)
        {
            if (!entry.IsDisposed)
            {
                entry.DueAt = step.Due < 0 ? null : Now + step.Due;
                entry.Period = step.Period;
                entry.Sequence = _sequence++;
            }
        }

        private bool FireNext(long target)
        {
            var due = _entries.Where(entry => entry.DueAt <= target).OrderBy(entry => entry.DueAt).ThenBy(entry => entry.Sequence).FirstOrDefault();
            if (due is null)
            {
                return false;
            }

            Now = due.DueAt!.Value;
            Fired.Add((_entries.IndexOf(due), Now));
            due.DueAt = due.Period > 0 ? Now + due.Period : null;
            due.Sequence = _sequence++;
            return true;
        }

        private sealed class Entry
        {
            public long? DueAt { get; set; }

            public int Period { get; set; }

            public int Sequence { get; set; }

            public bool IsDisposed { get; set; }
        }
    }
}
