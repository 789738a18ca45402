using System.Globalization;
using CsCheck;

namespace Resilience.Tests.Messaging;

/// <summary>Whatever comes in whatever order: messages, batches of both groups, changes, rollbacks, deaths.</summary>
public sealed class ConsumerSplitModelTests(PostgresServer server)
{
    private const int Keys = 12;

    private enum Kind
    {
        Append,
        Batch,
        SetShare,
        RollBack,
        Die,
        Rest,
    }

    private sealed record Step(Kind Kind, bool IsCanary, int Number, int Size, int Luck);

    private static readonly Gen<Step[]> Histories = Gen.Select(
        Gen.Frequency((8, Gen.Const(Kind.Append)), (12, Gen.Const(Kind.Batch)), (3, Gen.Const(Kind.SetShare)), (1, Gen.Const(Kind.RollBack)), (1, Gen.Const(Kind.Die)), (1, Gen.Const(Kind.Rest))),
        Gen.Bool,
        Gen.Int[0, 1000],
        Gen.Int[1, 15],
        Gen.Int[0, 9],
        (kind, isCanary, number, size, luck) => new Step(kind, isCanary, number, size, luck)).Array[10, 60];

    [Fact]
    public async Task Each_message_is_handled_once_by_the_group_whose_it_is_and_keys_keep_their_order()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await SplitHandler.CreateTableAsync(world);
        var run = 0;
        await Gen.Select(Histories, Gen.Bool).SampleAsync(
            async (steps, endsWithRollback) => await new History(world, $"run{Interlocked.Increment(ref run)}").CheckAsync(steps, endsWithRollback), iter: 200, threads: 4);
    }

    private sealed class History
    {
        private readonly MessagingWorld _world;
        private readonly string _run;
        private readonly SplitLog _log;
        private readonly SplitGroup _stable;
        private readonly SplitGroup _canary;
        private readonly ConsumerSplits _splits;
        private readonly List<(int Key, string Id)> _sent = [];
        private int _release;

        public History(MessagingWorld world, string run)
        {
            var signal = new OutboxSignal();
            (_world, _run, _log) = (world, run, new SplitLog(partitions: 3, run));
            _stable = new SplitGroup(_log, world, signal, run, isCanary: false);
            _canary = new SplitGroup(_log, world, signal, run, isCanary: true);
            _splits = new ConsumerSplits(() => _log, world.DataSource, run, run, TimeSpan.FromSeconds(10));
        }

        public async Task CheckAsync(Step[] steps, bool endsWithRollback)
        {
            foreach (var step in steps)
            {
                await TakeAsync(step);
            }

            if (endsWithRollback)
            {
                // The canary is dead by now, and stays so.
                await _splits.RollBackAsync("drill", MessagingWorld.Cancel);
            }

            await DrainAsync(endsWithRollback ? [_stable] : [_stable, _canary]);
            await JudgeAsync();
        }

        private async Task TakeAsync(Step step)
        {
            var group = step.IsCanary ? _canary : _stable;
            switch (step.Kind)
            {
                case Kind.Append:
                    Append(step);
                    break;
                case Kind.Batch:
                    await group.ReadBatchAsync(step.Size, failsInTheMiddle: step.Luck == 0, diesBeforeCommit: step.Luck == 1);
                    break;
                case Kind.SetShare:
                    // A new release begins now and then without an end of the one before.
                    _release += step.Luck == 0 ? 1 : 0;
                    await _splits.SetShareAsync(new[] { 0, 0.05, 0.25, 0.5, 1 }[step.Number % 5], $"r{_release}", "drill", MessagingWorld.Cancel);
                    break;
                case Kind.RollBack:
                    _release += await _splits.RollBackAsync("drill", MessagingWorld.Cancel) ? 1 : 0;
                    break;
                case Kind.Die:
                    group.Die();
                    break;
                default:
                    group.Rest();
                    break;
            }
        }

        private void Append(Step step)
        {
            for (var i = 0; i < step.Size; i++)
            {
                // Now and then a sender repeats itself.
                var isRepeat = step.Luck == 0 && i == 0 && _sent.Count > 0;
                var (key, id) = isRepeat ? _sent[step.Number % _sent.Count] : ((step.Number + (i * 5)) % Keys, _sent.Count.ToString(CultureInfo.InvariantCulture));
                _log.Append(key, id);
                if (!isRepeat)
                {
                    _sent.Add((key, id));
                }
            }
        }

        private static async Task DrainAsync(SplitGroup[] groups)
        {
            // A round in which no group gets on, although both have looked, is the end.
            var isOver = false;
            while (!isOver)
            {
                isOver = true;
                foreach (var group in groups)
                {
                    group.Rest();
                    isOver &= !await group.ReadBatchAsync(size: 40, failsInTheMiddle: false, diesBeforeCommit: false);
                }
            }
        }

        private async Task JudgeAsync()
        {
            var handled = await SplitHandler.ReadAsync(_world, _run);
            await using var connection = await _world.DataSource.OpenConnectionAsync(MessagingWorld.Cancel);
            var plan = await new SplitTable(_run, _run).ReadAsync(connection, MessagingWorld.Cancel);
            foreach (var key in Enumerable.Range(0, Keys))
            {
                handled.Where(message => message.Key == $"{key}").Select(message => message.Text).ShouldBe(_sent.Where(message => message.Key == key).Select(message => message.Id));
            }

            handled.ShouldAllBe(message => plan.Judge(message.ByCanary, message.Partition, message.Offset, message.Key) != SplitVerdict.Other);
        }
    }
}
