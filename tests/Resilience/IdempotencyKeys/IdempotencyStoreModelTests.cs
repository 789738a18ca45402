using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>Any sequence of calls, against a model that keeps everything in a list and looks at it from the end.</summary>
public sealed class IdempotencyStoreModelTests
{
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly Sha256Digest[] Digests = [.. Enumerable.Range(0, 3).Select(i => IdempotencyKey.Identify("model", null, $"{i}"))];
    private static readonly StoredAnswer[] Answers = [.. Enumerable.Range(0, 2).Select(i => StoredAnswer.Json(200 + i, i))];

    private static readonly Gen<Call> Calls = Gen.Frequency(
        (5, Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1]).Select((id, hash) => (Call)new Call.Begin(id, hash))),
        (3, Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1]).Select((back, answer) => (Call)new Call.Complete(back, answer))),
        (1, Gen.Int[0, 9].Select(back => (Call)new Call.Abandon(back))),
        (2, Gen.Int[1, 60].Select(seconds => (Call)new Call.Wait(TimeSpan.FromSeconds(seconds)))));

    [Fact]
    public void The_store_in_memory_does_what_the_model_does() =>
        Calls.Array[1, 60].Sample(calls =>
        {
            var time = new FakeTimeProvider();
            var store = new InMemoryIdempotencyStore(time, Retention, capacity: 100);
            var model = new Model();
            var claims = new List<IdempotencyClaim>();
            foreach (var call in calls)
            {
                var (actual, expected) = (Apply(call, store, time, claims), model.Apply(call));
                actual.ShouldBe(expected, $"{call} in {string.Join(", ", calls.AsEnumerable())}");
            }
        });

    private static string Apply(Call call, InMemoryIdempotencyStore store, FakeTimeProvider time, List<IdempotencyClaim> claims)
    {
        switch (call)
        {
            case Call.Begin(var id, var hash):
                var decision = Now(store.BeginAsync(Digests[id], Digests[hash], Lease, CancellationToken.None));
                if (decision is IdempotencyDecision.Started started)
                {
                    claims.Add(started.Claim);
                }

                return Describe(decision);
            case Call.Complete(var back, var answer):
                return back >= claims.Count ? "-" : Now(store.CompleteAsync(claims[^(back + 1)], Answers[answer], CancellationToken.None)).ToString();
            case Call.Abandon(var back):
                _ = back >= claims.Count ? Task.CompletedTask : store.AbandonAsync(claims[^(back + 1)], CancellationToken.None);
                return "-";
            default:
                time.Advance(((Call.Wait)call).Time);
                return "-";
        }
    }

    private static string Describe(IdempotencyDecision decision) => decision switch
    {
        IdempotencyDecision.Started(_, var tookOver) => $"started {tookOver}",
        IdempotencyDecision.Completed(var answer) => $"completed {answer.StatusCode}",
        IdempotencyDecision.InProgress(var left) => $"in progress {left}",
        _ => "mismatch",
    };

    private static T Now<T>(Task<T> task) => task.IsCompletedSuccessfully ? task.Result : throw new InvalidOperationException("The store in memory never waits.");

    private abstract record Call
    {
        public sealed record Begin(int Id, int Hash) : Call;

        public sealed record Complete(int Back, int Answer) : Call;

        public sealed record Abandon(int Back) : Call;

        public sealed record Wait(TimeSpan Time) : Call;
    }

    private sealed class Model
    {
        private readonly List<Claim> _claims = [];
        private TimeSpan _now;

        public string Apply(Call call)
        {
            switch (call)
            {
                case Call.Begin(var id, var hash):
                    return Begin(id, hash);
                case Call.Complete(var back, var answer):
                    return back >= _claims.Count ? "-" : Complete(_claims[^(back + 1)], answer).ToString();
                case Call.Abandon(var back) when back < _claims.Count && IsCurrent(_claims[^(back + 1)]) && _claims[^(back + 1)].Answer is null:
                    _claims[^(back + 1)].IsAbandoned = true;
                    return "-";
                case Call.Wait(var time):
                    _now += time;
                    return "-";
                default:
                    return "-";
            }
        }

        private string Begin(int id, int hash)
        {
            // Whatever call it is for, a begin is when the store looks for what is old.
            foreach (var old in _claims.Where(IsOver))
            {
                old.IsForgotten = true;
            }

            var last = _claims.LastOrDefault(claim => claim.Id == id);
            if (last is null || last.IsAbandoned || last.IsForgotten)
            {
                _claims.Add(new Claim(id, hash, _now));
                return "started False";
            }

            if (last.Hash != hash)
            {
                return "mismatch";
            }

            if (last.Answer is { } answer)
            {
                return $"completed {200 + answer}";
            }

            if (_now < last.At + Lease)
            {
                return $"in progress {last.At + Lease - _now}";
            }

            _claims.Add(new Claim(id, hash, _now));
            return "started True";
        }

        private bool Complete(Claim claim, int answer)
        {
            if (!IsCurrent(claim))
            {
                return false;
            }

            claim.Answer ??= answer;
            return claim.Answer == answer;
        }

        private bool IsCurrent(Claim claim) => !claim.IsAbandoned && !claim.IsForgotten && ReferenceEquals(_claims.Last(other => other.Id == claim.Id), claim);

        private bool IsOver(Claim claim) => _now - claim.At >= Retention && (claim.Answer is not null || _now >= claim.At + Lease);

        private sealed class Claim(int id, int hash, TimeSpan at)
        {
            public int Id { get; } = id;

            public int Hash { get; } = hash;

            public TimeSpan At { get; } = at;

            public int? Answer { get; set; }

            public bool IsAbandoned { get; set; }

            public bool IsForgotten { get; set; }
        }
    }
}
