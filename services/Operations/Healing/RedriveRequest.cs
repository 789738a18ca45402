namespace ResilientShop.Operations.Healing;

/// <summary>Which dead letters are sent again, and how; as it arrives, so that everything may be missing.</summary>
/// <param name="Ids">These letters.</param>
/// <param name="Service">Without ids: those of a service.</param>
/// <param name="Operation">Those of an operation.</param>
/// <param name="Code">Those of an error code.</param>
/// <param name="Key">Those of a key.</param>
/// <param name="Fingerprint">Those of a cause.</param>
/// <param name="DryRun">Only says what would be done.</param>
/// <param name="PerSecond">So many a second at most; 50 where nothing is said.</param>
internal sealed record RedriveRequest(
    IReadOnlyList<Guid>? Ids, string? Service, string? Operation, string? Code, string? Key, string? Fingerprint, bool DryRun = false, int PerSecond = 50)
{
    /// <summary>Letters of one request.</summary>
    public const int Most = 10_000;

    private const int MostPerSecond = 1000;

    /// <summary>What is wrong with it, by field.</summary>
    public IReadOnlyDictionary<string, string[]> Validate(string? reason)
    {
        var errors = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(reason))
        {
            errors["reason"] = ["reason is not there; it must say why, for the record: add ?reason=..."];
        }

        var hasFilter = new[] { Service, Operation, Code, Key, Fingerprint }.Any(value => value is not null);
        if (Ids is null && !hasFilter)
        {
            errors["ids"] = ["ids are not there; say which letters, by ids or by service, operation, code, key or fingerprint."];
        }
        else if (Ids is not null && hasFilter)
        {
            errors["ids"] = ["ids are there together with service, operation, code, key or fingerprint; say one or the other."];
        }
        else if (Ids is { Count: 0 or > Most })
        {
            errors["ids"] = [FormattableString.Invariant($"ids has {Ids.Count} entries; it must have 1 to {Most}.")];
        }

        if (PerSecond is < 1 or > MostPerSecond)
        {
            errors["perSecond"] = [FormattableString.Invariant($"perSecond is {PerSecond}; it must be from 1 to {MostPerSecond}.")];
        }

        return errors;
    }
}

/// <summary>What a redrive does.</summary>
/// <param name="DryRun">Whether nothing was done.</param>
/// <param name="Matched">Letters that fit.</param>
/// <param name="Planned">Of these, so many are sent again, in the order in which they came.</param>
/// <param name="DoneAt">When the last of them leaves; null when none does.</param>
/// <param name="Refused">Those that are not, and why; the first hundred.</param>
internal sealed record RedriveView(bool DryRun, int Matched, int Planned, DateTimeOffset? DoneAt, IReadOnlyList<RedriveRefusal> Refused);

/// <summary>A letter that is not sent again.</summary>
/// <param name="Id">The letter.</param>
/// <param name="Reason">Why, and what to do instead.</param>
internal sealed record RedriveRefusal(Guid Id, string Reason);
