using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Resilience.Tests.Migrations;

public sealed class DatabaseMigratorTests(PostgresServer server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scripts_run_once_and_in_order()
    {
        var database = await server.CreateDatabaseAsync();
        MigrationScript[] scripts = [new("a/001.sql", "CREATE TABLE t (v int)"), new("a/002.sql", "ALTER TABLE t ADD w int")];

        (await Migrator(scripts).MigrateAsync(database, Cancel)).ShouldBe(2);
        (await Migrator(scripts).MigrateAsync(database, Cancel)).ShouldBe(0);
        (await Migrator([.. scripts, new("a/003.sql", "INSERT INTO t VALUES (1, 2)")]).MigrateAsync(database, Cancel)).ShouldBe(1);
        (await ScalarAsync(database, "SELECT v + w FROM t")).ShouldBe(3);
    }

    [Fact]
    public async Task Replicas_that_start_at_once_apply_each_script_once()
    {
        var database = server.ConnectionString(server.NewDatabaseName());
        MigrationScript[] scripts = [new("001.sql", "CREATE TABLE t (v int); SELECT pg_sleep(0.05)"), new("002.sql", "INSERT INTO t VALUES (1)")];

        var applied = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Migrator(scripts).MigrateAsync(database, Cancel)));

        applied.Order().ShouldBe([0, 0, 0, 0, 0, 0, 0, 2]);
        (await ScalarAsync(database, "SELECT count(*) FROM t")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_missing_database_is_created()
    {
        var database = server.ConnectionString(server.NewDatabaseName());
        await Migrator([new("001.sql", "CREATE TABLE t ()")]).MigrateAsync(database, Cancel);
        (await ScalarAsync(database, "SELECT count(*) FROM t")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_role_that_may_not_create_the_missing_database_gets_a_clear_error()
    {
        await ScalarAsync(server.MaintenanceConnectionString, "DO $$ BEGIN IF to_regrole('poor') IS NULL THEN CREATE ROLE poor LOGIN; END IF; END $$");
        var database = new NpgsqlConnectionStringBuilder(server.ConnectionString(server.NewDatabaseName())) { Username = "poor" }.ConnectionString;

        var error = await Should.ThrowAsync<InvalidOperationException>(() => Migrator([new("001.sql", "SELECT 1")]).MigrateAsync(database, Cancel));

        error.Message.ShouldContain("role 'poor' may not create it");
    }

    [Fact]
    public async Task A_script_that_was_edited_after_it_ran_is_an_error_and_nothing_is_applied()
    {
        var database = await server.CreateDatabaseAsync();
        await Migrator([new("001.sql", "CREATE TABLE t (v int)")]).MigrateAsync(database, Cancel);

        var error = await Should.ThrowAsync<InvalidOperationException>(() =>
            Migrator([new("001.sql", "CREATE TABLE t (v bigint)"), new("002.sql", "CREATE TABLE u ()")]).MigrateAsync(database, Cancel));

        error.Message.ShouldContain("'001.sql'");
        (await ScalarAsync(database, "SELECT to_regclass('u')::text")).ShouldBe(DBNull.Value);
    }

    [Fact]
    public async Task Line_endings_of_a_checkout_are_not_an_edit()
    {
        var database = await server.CreateDatabaseAsync();
        await Migrator([new("001.sql", "CREATE TABLE t ();\nSELECT 1;\n")]).MigrateAsync(database, Cancel);
        (await Migrator([new("001.sql", "CREATE TABLE t ();\r\nSELECT 1;\r\n")]).MigrateAsync(database, Cancel)).ShouldBe(0);
    }

    [Fact]
    public async Task A_server_that_dies_under_a_script_is_waited_for_and_the_rest_is_applied()
    {
        var database = await server.CreateDatabaseAsync();
        await Migrator([new("000.sql", "CREATE SEQUENCE attempts")]).MigrateAsync(database, Cancel);
        const string Dies = "DO $$ BEGIN IF nextval('attempts') < 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$; CREATE TABLE t ()";

        await Migrator([new("000.sql", "CREATE SEQUENCE attempts"), new("001.sql", "CREATE TABLE s ()"), new("002.sql", Dies)]).MigrateAsync(database, Cancel);

        (await ScalarAsync(database, "SELECT count(*) FROM schema_migrations")).ShouldBe(3L);
        (await ScalarAsync(database, "SELECT nextval('attempts')")).ShouldBe(4L, "it died twice");
    }

    [Fact]
    public async Task A_failing_script_leaves_nothing_and_can_be_run_again()
    {
        var database = await server.CreateDatabaseAsync();
        await Should.ThrowAsync<PostgresException>(() =>
            Migrator([new("001.sql", "CREATE TABLE t (); SELECT 1/0")]).MigrateAsync(database, Cancel));

        (await Migrator([new("001.sql", "CREATE TABLE t ()")]).MigrateAsync(database, Cancel)).ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_never_comes_is_a_timeout_that_names_it()
    {
        var nobody = "Host=127.0.0.1;Port=1;Username=x;Database=y";
        var options = new MigrationOptions { WaitForServer = TimeSpan.FromMilliseconds(50), BaseDelay = TimeSpan.FromMilliseconds(10) };

        var error = await Should.ThrowAsync<TimeoutException>(() =>
            new DatabaseMigrator([], options, TimeProvider.System, NullLogger<DatabaseMigrator>.Instance).MigrateAsync(nobody, Cancel));

        error.Message.ShouldContain("127.0.0.1:1");
    }

    [Fact]
    public void Two_scripts_of_one_name_are_refused() =>
        Should.Throw<ArgumentException>(() => Migrator([new("001.sql", ""), new("001.sql", "")])).Message.ShouldContain("'001.sql'");

    [Fact]
    public void A_project_that_forgot_to_embed_its_scripts_is_told_so() =>
        Should.Throw<InvalidOperationException>(() => MigrationScript.Embedded(typeof(DatabaseMigratorTests).Assembly, "Database", "x"))
            .Message.ShouldContain("EmbeddedResource");

    private static DatabaseMigrator Migrator(MigrationScript[] scripts) =>
        new(scripts, new MigrationOptions(), TimeProvider.System, NullLogger<DatabaseMigrator>.Instance);

    private static async Task<object?> ScalarAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
