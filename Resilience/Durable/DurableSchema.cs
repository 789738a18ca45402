using ResilientShop.Resilience.Durable.Migrations;

namespace ResilientShop.Resilience.Durable;

/// <summary>The tables of this library, all in the schema <c>durable</c>. A service adds what it uses to its own migrations.</summary>
public static class DurableSchema
{
    /// <summary>State of sagas.</summary>
    public static IReadOnlyList<MigrationScript> Sagas { get; } = Load("sagas");

    /// <summary>Messages on their way to the broker.</summary>
    public static IReadOnlyList<MigrationScript> Outbox { get; } = Load("outbox");

    /// <summary>Messages that were handled.</summary>
    public static IReadOnlyList<MigrationScript> Inbox { get; } = Load("inbox");

    /// <summary>Requests that were carried out under an idempotency key, and their answers.</summary>
    public static IReadOnlyList<MigrationScript> Idempotency { get; } = Load("idempotency");

    private static IReadOnlyList<MigrationScript> Load(string part) =>
        MigrationScript.Embedded(typeof(DurableSchema).Assembly, $"Schema/{part}", $"durable/{part}");
}
