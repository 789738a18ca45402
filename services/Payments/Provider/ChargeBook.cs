using System.Data;
using Npgsql;

namespace ResilientShop.Payments.Provider;

/// <summary>The provider's books: what survives when its process is killed. One statement a method. Thread-safe.</summary>
internal sealed class ChargeBook(NpgsqlDataSource database)
{
    /// <summary>Asks for a charge under <paramref name="key"/>: the first time that is not a refusal settles it, repeats find it settled.</summary>
    /// <returns>The charge, and how often it has been asked for, this time included.</returns>
    public async Task<(ProviderCharge Charge, int Asked)> AskAsync(string key, ProviderChargeRequest request, Mood mood, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            INSERT INTO provider.charges AS charge (idempotency_key, amount, currency, asked, status, captured)
            VALUES ($1, $2, $3, 1, CASE WHEN $5 = 0 THEN $4 ELSE '{ProviderCharge.Open}' END, CASE WHEN $5 = 0 AND $4 = '{ProviderCharge.Taken}' THEN $2 ELSE 0 END)
            ON CONFLICT (idempotency_key) DO UPDATE SET
                asked = charge.asked + 1,
                status = CASE WHEN charge.status = '{ProviderCharge.Authorized}' THEN '{ProviderCharge.Taken}' WHEN charge.status = '{ProviderCharge.Open}' AND charge.asked >= $5 THEN $4 ELSE charge.status END,
                captured = CASE WHEN charge.status = '{ProviderCharge.Authorized}' OR (charge.status = '{ProviderCharge.Open}' AND charge.asked >= $5 AND $4 = '{ProviderCharge.Taken}')
                    THEN charge.amount ELSE charge.captured END,
                updated_at = now()
            RETURNING charge_id, status, captured, refunded, asked
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = request.Amount });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = request.Currency });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = mood.Verdict });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = mood.Refusals });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (Read(row), row.GetInt32(4));
    }

    /// <summary>Holds the money under <paramref name="key"/> without taking it, unless the key has an outcome already.</summary>
    public async Task<ProviderCharge> AuthorizeAsync(string key, ProviderChargeRequest request, Mood mood, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            INSERT INTO provider.charges AS charge (idempotency_key, amount, currency, status) VALUES ($1, $2, $3, $4)
            ON CONFLICT (idempotency_key) DO UPDATE SET
                status = CASE WHEN charge.status = '{ProviderCharge.Open}' THEN excluded.status ELSE charge.status END, updated_at = now()
            RETURNING charge_id, status, captured, refunded
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = request.Amount });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = request.Currency });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = mood.Verdict == ProviderCharge.Declined ? ProviderCharge.Declined : ProviderCharge.Authorized });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        await row.ReadAsync(cancellationToken);
        return Read(row);
    }

    /// <summary>Takes what is held under <paramref name="key"/>. Null when the provider knows nothing of it.</summary>
    public async Task<ProviderCharge?> CaptureAsync(string key, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            UPDATE provider.charges SET
                status = CASE WHEN status = '{ProviderCharge.Authorized}' THEN '{ProviderCharge.Taken}' ELSE status END,
                captured = CASE WHEN status = '{ProviderCharge.Authorized}' THEN amount ELSE captured END,
                updated_at = now()
            WHERE idempotency_key = $1
            RETURNING charge_id, status, captured, refunded
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>Gives back what was taken under <paramref name="key"/>; a charge that comes later under it takes nothing.</summary>
    public async Task<ProviderCharge> VoidAsync(string key, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            INSERT INTO provider.charges AS charge (idempotency_key, amount, currency, status) VALUES ($1, 0, 'XXX', '{ProviderCharge.Voided}')
            ON CONFLICT (idempotency_key) DO UPDATE SET status = '{ProviderCharge.Voided}', refunded = charge.captured, updated_at = now()
            RETURNING charge_id, status, captured, refunded
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        await row.ReadAsync(cancellationToken);
        return Read(row);
    }

    private static ProviderCharge Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetString(1), row.GetDecimal(2), row.GetDecimal(3));
}
