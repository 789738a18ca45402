using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Migrations;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>A service that consists of sagas only, put together as a service does it.</summary>
internal sealed class SagaHost : IAsyncDisposable
{
    private readonly IHost _host;

    private SagaHost(IHost host) => _host = host;

    public SagaClient Sagas => _host.Services.GetRequiredService<SagaClient>();

    public NpgsqlDataSource Database => _host.Services.GetRequiredService<NpgsqlDataSource>();

    public static async Task<SagaHost> StartAsync(string connectionString, Func<Guid, CancellationToken, Task>? beforeCharge = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:database"] = connectionString;
        builder.Services.AddLogging();
        builder.Services.AddSingleton(NpgsqlDataSource.Create(connectionString));
        builder.Services.AddMigrations("database", DurableSchema.Sagas, [new MigrationScript("booking/001_tables", Booking.Tables)]);
        builder.Services.AddSaga(services => Booking.Define(services.GetRequiredService<NpgsqlDataSource>(), beforeCharge));
        var host = builder.Build();
        await host.StartAsync();
        return new SagaHost(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
