namespace ResilientShop.Resilience.Policies;

/// <summary>
/// A chain of calls, each made by the callee of the one before, and what becomes of one request at its end: along calls that tell the callee of a retry the
/// attempts add up, at each that does not a new sum begins, and the sums multiply. Immutable.
/// </summary>
internal sealed class CallChain
{
    private const double Most = 1e15;
    private const int Shown = 12;

    public CallChain(LintedCall call, CallChain? rest)
    {
        (Call, Rest) = (call, rest);
        var tells = call.Policy.PropagatesContext;
        var attempts = call.Policy.MostAttempts;
        Sum = rest is not null && tells ? rest.Sum + attempts - 1 : attempts;
        Product = rest is null ? 1 : tells ? rest.Product : Math.Min(rest.Sum * rest.Product, Most);
        var multiplies = Sum > 1 && Product > 1;
        Multiplies = multiplies || rest?.Multiplies == true;
        MultipliesAtOnce = multiplies && attempts > 1 && (!tells || !rest!.Multiplies);
    }

    public LintedCall Call { get; }

    /// <summary>What follows; null at the end.</summary>
    public CallChain? Rest { get; }

    /// <summary>The attempts that add up, from here to the next call that does not tell.</summary>
    public double Sum { get; }

    /// <summary>What they are multiplied with.</summary>
    public double Product { get; }

    /// <summary>The most requests at the end.</summary>
    public double Requests => Sum * Product;

    /// <summary>Retries of its first call are retried further on, and it is the last call of which that can be said.</summary>
    public bool MultipliesAtOnce { get; }

    /// <summary>Retries of one of its calls are retried further on.</summary>
    public bool Multiplies { get; }

    /// <summary>From its first call on that does not tell its callee of retries.</summary>
    public CallChain? Untold => !Call.Policy.PropagatesContext ? this : Rest?.Untold;

    public LintedCall Last => Calls.Last();

    public LintedCall? FirstRetrying => Calls.FirstOrDefault(call => call.Policy.MostAttempts > 1);

    public IEnumerable<LintedCall> Calls
    {
        get
        {
            for (var chain = this; chain is not null; chain = chain.Rest)
            {
                yield return chain.Call;
            }
        }
    }

    /// <summary>Names it in findings; the middle of a very long one is left out.</summary>
    public string Whose
    {
        get
        {
            var names = Calls.Skip(1).Select(call => call.Callee).ToList();
            return string.Join(" -> ", [Call.Whose, .. names.Count > Shown ? [.. names[..(Shown / 2)], "...", names[^1]] : names]);
        }
    }

    /// <summary>For example <c>(3 + 2 - 1) x 3</c>.</summary>
    public string Formula
    {
        get
        {
            var sums = new List<List<int>> { new() };
            for (var chain = this; chain is not null; chain = chain.Rest)
            {
                sums[^1].Add(chain.Call.Policy.MostAttempts);
                if (!chain.Call.Policy.PropagatesContext && chain.Rest is not null)
                {
                    sums.Add([]);
                }
            }

            return string.Join(" x ", sums.Take(Shown).Select(sum => TextOf(sum, inBrackets: sums.Count > 1))) + (sums.Count > Shown ? " x ..." : "");
        }
    }

    private static string TextOf(List<int> sum, bool inBrackets)
    {
        var text = string.Join(" + ", sum.Take(Shown)) + (sum.Count > Shown ? " + ..." : "") + (sum.Count > 1 ? $" - {sum.Count - 1}" : "");
        return inBrackets && sum.Count > 1 ? $"({text})" : text;
    }
}
