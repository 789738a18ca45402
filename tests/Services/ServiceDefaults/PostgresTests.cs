using System.Net;
using Microsoft.AspNetCore.Builder;
using Npgsql;

namespace Services.Tests.ServiceDefaults;

public sealed class PostgresTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_missing_connection_string_is_named_as_the_variable_to_set() =>
        Should.Throw<InvalidOperationException>(() => DefaultsApp.CreateBuilder().AddPostgres("ordersdb"))
            .Message.ShouldContain("ConnectionStrings__ordersdb is missing");

    [Fact]
    public void A_connection_string_that_cannot_be_read_is_named_without_its_secrets()
    {
        var builder = DefaultsApp.CreateBuilder(("ConnectionStrings:ordersdb", "Host=db;Password=hunter2;Colour=blue"));

        var message = Should.Throw<InvalidOperationException>(() => builder.AddPostgres("ordersdb")).Message;

        message.ShouldContain("ConnectionStrings__ordersdb cannot be read");
        message.ShouldContain("colour");
        message.ShouldNotContain("hunter2");
    }

    [Fact]
    public void What_the_connection_string_leaves_open_gets_small_defaults_and_what_it_says_stays()
    {
        var open = new NpgsqlConnectionStringBuilder(DefaultsApp.CreateBuilder(("ConnectionStrings:db", "Host=a")).AddPostgres("db"));
        var said = new NpgsqlConnectionStringBuilder(DefaultsApp.CreateBuilder(("ConnectionStrings:db", "Host=a;MaxPoolSize=7;Timeout=3")).AddPostgres("db"));

        open.MaxPoolSize.ShouldBe(12);
        open.MaxAutoPrepare.ShouldBe(50);
        said.MaxPoolSize.ShouldBe(7);
        said.Timeout.ShouldBe(3);
    }

    [Fact]
    public async Task A_database_that_answers_is_healthy()
    {
        var builder = DefaultsApp.CreateBuilder(("ConnectionStrings:db", await postgres.CreateDatabaseAsync()));
        builder.AddPostgres("db");
        await using var app = await DefaultsApp.StartAsync(builder);

        (await app.Http.GetStringAsync("/health", Cancel)).ShouldContain("\"db\":{\"status\":\"Healthy\"");
    }

    [Fact]
    public async Task A_database_that_is_away_makes_the_service_unhealthy_and_its_requests_503()
    {
        // Port 1 is reserved and nobody listens there.
        var builder = DefaultsApp.CreateBuilder(("ConnectionStrings:db", "Host=127.0.0.1;Port=1;Username=u;Password=hunter2"));
        builder.AddPostgres("db");
        await using var app = await DefaultsApp.StartAsync(builder, app => app.MapGet("/rows", async (NpgsqlDataSource database) =>
        {
            await using var command = database.CreateCommand("SELECT 1");
            return await command.ExecuteScalarAsync(Cancel);
        }));

        var health = await app.Http.GetAsync("/health", Cancel);
        var rows = await app.Http.GetAsync("/rows", Cancel);

        health.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await health.Content.ReadAsStringAsync(Cancel)).ShouldContain("The database cannot be asked: no connection.");
        (await Problem.ReadAsync(rows)).Code.ShouldBe(ProblemCodes.ServiceUnavailable);
    }

    [Fact]
    public async Task A_defect_in_a_statement_is_500_and_not_worth_a_repeat()
    {
        var builder = DefaultsApp.CreateBuilder(("ConnectionStrings:db", await postgres.CreateDatabaseAsync()));
        builder.AddPostgres("db");
        await using var app = await DefaultsApp.StartAsync(builder, app => app.MapGet("/rows", async (NpgsqlDataSource database) =>
        {
            await using var command = database.CreateCommand("SELECT nonsense");
            return await command.ExecuteScalarAsync(Cancel);
        }));

        (await Problem.ReadAsync(await app.Http.GetAsync("/rows", Cancel))).Code.ShouldBe(ProblemCodes.InternalError);
    }
}
