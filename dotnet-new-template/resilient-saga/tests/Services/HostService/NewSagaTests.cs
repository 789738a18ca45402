using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ResilientShop.HostService.NewSaga;
using ResilientShop.Resilience.Durable.Sagas;

namespace Services.Tests.HostService;

/// <summary>The saga on a real PostgreSQL, and a partner that does as the test says.</summary>
public sealed class NewSagaTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly Partner _partner = new();
    private IHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        const string Database = "sagas";
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration[$"ConnectionStrings:{Database}"] = await postgres.CreateDatabaseAsync();
        builder.Services.AddNpgsqlDataSource(builder.Configuration[$"ConnectionStrings:{Database}"]!);
        builder.Services.AddMigrations(Database, DurableSchema.Sagas);
        builder.Services.AddSingleton<INewSagaPartner>(_partner);
        builder.Services.AddNewSaga();
        _host = builder.Build();
        await _host.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_booked_and_confirmed()
    {
        (await RunAsync()).Status.ShouldBe(SagaStatus.Completed);

        _partner.Calls.ShouldBe(["book", "confirm"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_fails_for_a_moment_is_tried_again()
    {
        _partner.Answers.Enqueue(StepOutcome.Transient("AWAY", "It answered 503."));

        (await RunAsync()).Status.ShouldBe(SagaStatus.Completed);

        _partner.Calls.ShouldBe(["book", "book", "confirm"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task When_it_cannot_be_confirmed_the_booking_is_cancelled()
    {
        _partner.Answers.Enqueue(StepOutcome.Done);
        _partner.Answers.Enqueue(StepOutcome.Refused("NO_ROOM", "There is none left."));

        var result = await RunAsync();

        (result.Status, result.FailureCode).ShouldBe((SagaStatus.Compensated, "NO_ROOM"));
        _partner.Calls.ShouldBe(["book", "confirm", "cancel"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<SagaResult> RunAsync()
    {
        var sagas = _host.Services.GetRequiredService<SagaClient>();
        var id = Guid.CreateVersion7();
        await sagas.StartAsync(NewSagaDefinition.Name, id, new NewSagaData("a parcel"), Cancel);
        return await sagas.WaitAsync(id, Cancel);
    }

    private sealed class Partner : INewSagaPartner
    {
        public ConcurrentQueue<string> Calls { get; } = new();

        /// <summary>What it answers next, first to last; then that it is done.</summary>
        public ConcurrentQueue<StepOutcome> Answers { get; } = new();

        public Task<StepOutcome> BookAsync(Guid saga, string what, CancellationToken cancellationToken) => AnswerAsync("book");

        public Task<StepOutcome> CancelAsync(Guid saga, CancellationToken cancellationToken) => AnswerAsync("cancel");

        public Task<StepOutcome> ConfirmAsync(Guid saga, CancellationToken cancellationToken) => AnswerAsync("confirm");

        public Task<StepOutcome> WithdrawAsync(Guid saga, CancellationToken cancellationToken) => AnswerAsync("withdraw");

        private Task<StepOutcome> AnswerAsync(string call)
        {
            Calls.Enqueue(call);
            return Task.FromResult(Answers.TryDequeue(out var answer) ? answer : StepOutcome.Done);
        }
    }
}
