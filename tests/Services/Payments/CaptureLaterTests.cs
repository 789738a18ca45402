using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Services.Tests.Payments;

/// <summary>Payments that are authorized now and captured later, because Payments is degraded.</summary>
public sealed class CaptureLaterTests(PaymentsFixture payments, PostgresServer server) : IClassFixture<PaymentsFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_degraded_service_authorizes_and_captures_without_being_asked_again()
    {
        await using var service = Degraded();
        var order = Guid.NewGuid();
        var response = await ChargeAsync(service, order);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.GetValues("x-degraded").ShouldBe(["captured-later"]);
        var answer = (await response.Content.ReadFromJsonAsync<PaymentView>(Cancel))!;
        (answer.Status, answer.Captured, answer.Degraded).ShouldBe(("authorized", 0m, "captured-later"));

        var captured = await UntilAsync(order, PaymentStatus.Captured);
        (captured.Captured, captured.Refunded, captured.Degraded).ShouldBe((12.5m, 0m, null));
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_repeat_of_the_charge_takes_nothing_more_and_gets_the_degraded_answer_again()
    {
        await using var service = Degraded();
        var order = Guid.NewGuid();
        await ChargeAsync(service, order);
        (await ChargeAsync(service, order)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilAsync(order, PaymentStatus.Captured);
        foreach (var repeat in new[] { await ChargeAsync(service, order), await payments.ChargeAsync(order, "tok_ok") })
        {
            repeat.StatusCode.ShouldBe(HttpStatusCode.OK);
            repeat.Headers.GetValues("x-degraded").ShouldBe(["captured-later"], "also by an instance that is not degraded");
            var answer = (await repeat.Content.ReadFromJsonAsync<PaymentView>(Cancel))!;
            (answer.Status, answer.Captured, answer.Degraded).ShouldBe(("captured", 12.5m, "captured-later"));
        }

        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Theory]
    [InlineData("tok_declined", HttpStatusCode.PaymentRequired, ProblemCodes.CardDeclined)]
    [InlineData("tok_unheard_of", HttpStatusCode.PaymentRequired, ProblemCodes.UnknownPaymentToken)]
    public async Task What_would_be_declined_is_declined_now(string token, HttpStatusCode status, string code)
    {
        await using var service = Degraded();
        var problem = await Problem.ReadAsync(await ChargeAsync(service, Guid.NewGuid(), token));
        (problem.Status, problem.Code).ShouldBe((status, code));
    }

    [Theory]
    [InlineData("tok_slow")]
    [InlineData("tok_timeout")]
    [InlineData("tok_busy")]
    [InlineData("tok_crash")]
    public async Task Moods_of_the_settlement_do_not_keep_the_buyer_waiting(string token)
    {
        await using var service = Degraded();
        var order = Guid.NewGuid();
        (await ChargeAsync(service, order, token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilAsync(order, PaymentStatus.Captured);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task What_was_refunded_before_its_capture_is_never_taken()
    {
        var order = Guid.NewGuid();
        await SetAuthorizedAsync(payments, order, captureIn: TimeSpan.FromMinutes(10));

        (await payments.RefundAsync(order)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await payments.ViewAsync(order)).ShouldSatisfyAllConditions(
            view => view.Status.ShouldBe(PaymentStatus.Refunded), view => view.Captured.ShouldBe(0), view => view.Refunded.ShouldBe(0));
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_provider_that_fails_is_asked_again_until_it_captures()
    {
        // Each process has a provider of its own, so there must be no other that captures.
        var alone = new PaymentsFixture(server);
        await using (alone)
        {
            await alone.InitializeAsync();
            await alone.WeatherAsync(latencyMs: 0, errorRatio: 1);
            var order = Guid.NewGuid();
            await SetAuthorizedAsync(alone, order, TimeSpan.Zero);
            await UntilAsync(alone, $"SELECT capture_failures >= 3 FROM payments WHERE order_id = '{order}'");
            (await alone.TakenAsync(order)).ShouldBe(0);

            await alone.WeatherAsync(latencyMs: 0, errorRatio: 0);
            await UntilAsync(alone, $"SELECT count(*) = 1 FROM payments WHERE order_id = '{order}' AND status = 'captured'");
            (await alone.TakenAsync(order)).ShouldBe(12.5m);
        }
    }

    [Fact]
    public async Task Captures_that_fail_do_not_open_the_breaker_of_charges()
    {
        var alone = new PaymentsFixture(server);
        await using (alone)
        {
            await alone.InitializeAsync();
            await alone.WeatherAsync(latencyMs: 0, errorRatio: 1);
            await SetAuthorizedAsync(alone, Guid.NewGuid(), TimeSpan.Zero);
            await SetAuthorizedAsync(alone, Guid.NewGuid(), TimeSpan.Zero);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            while (StateOf("payment-captures") != BreakerState.Open)
            {
                await timer.WaitForNextTickAsync(Cancel);
            }

            await alone.WeatherAsync(latencyMs: 0, errorRatio: 0);
            (await alone.ChargeAsync(Guid.NewGuid(), "tok_ok")).StatusCode.ShouldBe(HttpStatusCode.OK);
            StateOf("payment-provider").ShouldBe(BreakerState.Closed);
        }

        BreakerState StateOf(string dependency) => alone.Services.GetRequiredService<DependencyRegistry>().Get(dependency).Breaker()!.State;
    }

    [Fact]
    public async Task What_a_dead_process_left_authorized_is_captured_by_the_next()
    {
        var order = Guid.NewGuid();
        await SetAuthorizedAsync(payments, order, TimeSpan.Zero);
        await UntilAsync(order, PaymentStatus.Captured);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Theory]
    [InlineData("""{ "latencyMs": -1, "errorRatio": 0 }""", "latencyMs is -1; it must be from 0 to 60000.")]
    [InlineData("""{ "latencyMs": 0, "errorRatio": 1.5 }""", "errorRatio is 1.5; it must be from 0 to 1.")]
    public async Task Weather_that_cannot_be_is_refused(string body, string said)
    {
        using var answer = await payments.SetWeatherAsync(new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain(said);
    }

    private DegradedPayments Degraded(params (string Name, string Value)[] settings) => new(payments.Another(settings));

    private static Task<HttpResponseMessage> ChargeAsync(DegradedPayments service, Guid order, string token = "tok_ok") =>
        service.Http.PostAsJsonAsync("/payments", new ChargeRequest(order, 12.5m, "GBP", token), Cancel);

    /// <summary>As a process leaves it that died after the authorization.</summary>
    private static async Task SetAuthorizedAsync(PaymentsFixture where, Guid order, TimeSpan captureIn)
    {
        await using var batch = where.Database.CreateBatch();
        var provider = batch.CreateBatchCommand();
        provider.CommandText = "INSERT INTO provider.charges (idempotency_key, amount, currency, status) VALUES ($1, 12.5, 'GBP', 'authorized')";
        provider.Parameters.AddWithValue(order.ToString());
        batch.BatchCommands.Add(provider);
        var own = batch.CreateBatchCommand();
        own.CommandText = "INSERT INTO payments (order_id, status, amount, currency, token_hash, capture_at) VALUES ($1, 'authorized', 12.5, 'GBP', sha256('tok_ok'), now() + $2)";
        own.Parameters.AddWithValue(order);
        own.Parameters.AddWithValue(captureIn);
        batch.BatchCommands.Add(own);
        await batch.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<PaymentView> UntilAsync(Guid order, string status)
    {
        await UntilAsync(payments, $"SELECT count(*) = 1 FROM payments WHERE order_id = '{order}' AND status = '{status}'");
        return await payments.ViewAsync(order);
    }

    private static async Task UntilAsync(PaymentsFixture where, string sql)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        await using var command = where.Database.CreateCommand(sql);
        while (await command.ExecuteScalarAsync(Cancel) is not true)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    /// <summary>One more instance, which is degraded.</summary>
    private sealed class DegradedPayments : IAsyncDisposable
    {
        private readonly ServiceFactory<PaymentTable> _factory;

        public DegradedPayments(ServiceFactory<PaymentTable> factory)
        {
            _factory = factory;
            Http = factory.Start();
            factory.Services.GetRequiredService<ServiceDegradation>().Force(DegradationLevel.Degraded, "drill");
        }

        public HttpClient Http { get; }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await _factory.DisposeAsync();
        }
    }
}
