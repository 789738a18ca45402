using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>
/// A real server on loopback that places an order and charges for it, without any constraint that would keep it from doing so twice.
/// </summary>
internal sealed class ShopOnLoopback : IAsyncDisposable
{
    public const string Transactional = "/orders/transactional";
    public const string StoredByMiddleware = "/orders";
    public const string DeliveryHeader = "x-delivery";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _expected = new();
    private readonly IdempotencyDatabase _database;
    private readonly WebApplication _app;
    private int _deliveries;
    private int _requests;

    private ShopOnLoopback(IdempotencyDatabase database)
    {
        _database = database;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(database.DataSource);
        builder.Services.AddIdempotency();
        builder.Services.AddPostgresIdempotency();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.Use(next => context =>
        {
            Interlocked.Increment(ref _requests);
            return next(context);
        });
        _app.UseRouting();
        _app.UseIdempotency();
        _app.MapPost(StoredByMiddleware, PlaceAsync).RequireIdempotencyKey();
        _app.MapPost(Transactional, PlaceInOneTransactionAsync).RequireIdempotencyKey();
    }

    public Uri Address => new(_app.Urls.Single());

    public int Requests => _requests;

    public static async Task<ShopOnLoopback> StartAsync(PostgresServer server)
    {
        var shop = new ShopOnLoopback(await IdempotencyDatabase.CreateAsync(server));
        await shop._app.StartAsync(TestContext.Current.CancellationToken);
        return shop;
    }

    /// <summary>A name for a delivery, and what completes when its handler runs.</summary>
    public (string Delivery, Task Handled) Expect()
    {
        var delivery = $"{Interlocked.Increment(ref _deliveries)}";
        return (delivery, _expected.GetOrAdd(delivery, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task);
    }

    public Task<long> ScalarAsync(string sql) => _database.ScalarAsync<long>(sql);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task<IResult> PlaceAsync(HttpContext context, CancellationToken cancellationToken)
    {
        Handled(context);
        var id = Guid.NewGuid();
        await using var batch = Effects(context, id);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return TypedResults.Created($"/orders/{id}", new { id });
    }

    private async Task PlaceInOneTransactionAsync(HttpContext context, CancellationToken cancellationToken)
    {
        Handled(context);
        var id = Guid.NewGuid();
        var request = context.Features.GetRequiredFeature<IIdempotentRequest>();
        var answer = StoredAnswer.Json(StatusCodes.Status201Created, new { id }, KeyValuePair.Create("Location", $"/orders/{id}"));
        await using var batch = Effects(context, id);
        PostgresIdempotencyStore.AppendCompletion(batch, request.Claim, answer);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        request.AnswerStored(answer);
    }

    private NpgsqlBatch Effects(HttpContext context, Guid id)
    {
        var key = context.Request.Headers[ResilienceHeaders.IdempotencyKey].ToString();
        var batch = _database.DataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO orders (key, id) VALUES ($1, $2)")
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = key }, new NpgsqlParameter<Guid> { TypedValue = id } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO charges (key, order_id, amount) VALUES ($1, $2, 1)")
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = key }, new NpgsqlParameter<Guid> { TypedValue = id } },
        });
        return batch;
    }

    private void Handled(HttpContext context)
    {
        if (_expected.TryRemove(context.Request.Headers[DeliveryHeader].ToString(), out var handled))
        {
            handled.SetResult();
        }
    }
}
