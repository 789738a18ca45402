using System.Threading.RateLimiting;
using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Resilience.Tests.Registration;

/// <summary>Rule A9: no hidden layers. Two that retry on one client stop the start.</summary>
public sealed class RetryLayerTests : IDisposable
{
    private readonly RegistrationWorld _world = new();

    [Fact]
    public async Task Tiers_and_the_standard_handler()
    {
        _world.Services.AddResilientHttpClient("shop").AddStandardResilienceHandler();
        await ShouldBeRefusedAsync("'shop'", "the tiers of shop", "a resilience handler that retries");
    }

    [Fact]
    public async Task The_standard_handler_and_tiers()
    {
        _world.Services.AddHttpClient("shop").AddStandardResilienceHandler();
        _world.Services.AddHttpClient("shop").AddTiers();
        await ShouldBeRefusedAsync("'shop'", "the tiers of shop", "a resilience handler that retries");
    }

    [Fact]
    public async Task Tiers_twice()
    {
        _world.Services.AddHttpClient("shop").AddTiers("stock").AddTiers("prices");
        await ShouldBeRefusedAsync("'shop'", "the tiers of stock", "the tiers of prices");
    }

    [Fact]
    public async Task Tiers_and_a_pipeline_with_a_retry()
    {
        _world.Services.AddResilientHttpClient("shop").AddResilienceHandler("own", pipeline => pipeline.AddRetry(new HttpRetryStrategyOptions()));
        await ShouldBeRefusedAsync("'shop'", "the tiers of shop", "a resilience handler that retries");
    }

    [Fact]
    public async Task Tiers_and_hedging()
    {
        _world.Services.AddResilientHttpClient("shop").AddStandardHedgingHandler();
        await ShouldBeRefusedAsync("'shop'", "the tiers of shop", "a resilience handler that retries");
    }

    [Fact]
    public async Task Tiers_of_the_client_and_a_standard_handler_of_all_clients()
    {
        _world.Services.ConfigureHttpClientDefaults(client => client.AddStandardResilienceHandler());
        _world.Services.AddResilientHttpClient("shop");
        await ShouldBeRefusedAsync("'shop'", "the tiers of shop", "a resilience handler that retries");
    }

    [Fact]
    public async Task Both_for_all_clients_though_none_has_options_of_its_own()
    {
        _world.Services.ConfigureHttpClientDefaults(client =>
        {
            client.AddDefaultTiers();
            client.AddStandardResilienceHandler();
        });
        _world.Services.AddHttpClient("shop");
        await ShouldBeRefusedAsync("the tiers of", "a resilience handler that retries");
    }

    [Fact]
    public async Task A_client_that_the_standard_handler_keeps_to_itself_is_fine()
    {
        _world.Services.AddResilience();
        _world.Services.AddHttpClient("shop").AddStandardResilienceHandler();
        await _world.StartAsync();
    }

    [Fact]
    public async Task Pipelines_that_do_not_retry_may_stay()
    {
        _world.Services.AddResilientHttpClient("slow").AddResilienceHandler("own", pipeline => pipeline.AddTimeout(TimeSpan.FromSeconds(9)));
        _world.Services.AddResilientHttpClient("limited").AddResilienceHandler("own", pipeline => pipeline.AddConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 5 }));
        _world.Services.AddResilientHttpClient("broken").AddResilienceHandler("own", pipeline => pipeline.AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions()));
        await _world.StartAsync();
        _world.HandlersOf("slow").OfType<ResilienceHandler>().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_grpc_client_whose_channel_retries()
    {
        AddGrpc().ConfigureChannel(channel => channel.ServiceConfig = new ServiceConfig
        {
            MethodConfigs =
            {
                new MethodConfig
                {
                    Names = { MethodName.Default },
                    RetryPolicy = new RetryPolicy
                    {
                        MaxAttempts = 3,
                        InitialBackoff = TimeSpan.FromSeconds(1),
                        MaxBackoff = TimeSpan.FromSeconds(1),
                        BackoffMultiplier = 1,
                        RetryableStatusCodes = { StatusCode.Unavailable },
                    },
                },
            },
        });
        await ShouldBeRefusedAsync(nameof(ShopClient), "its tiers", "ServiceConfig");
    }

    [Fact]
    public async Task A_grpc_client_with_a_standard_handler()
    {
        AddGrpc().AddStandardResilienceHandler();
        await ShouldBeRefusedAsync(nameof(ShopClient), "the tiers of its gRPC calls", "a resilience handler that retries");
    }

    [Fact]
    public async Task A_grpc_client_under_a_standard_handler_of_all_clients()
    {
        _world.Services.ConfigureHttpClientDefaults(client => client.AddStandardResilienceHandler());
        AddGrpc();
        await ShouldBeRefusedAsync(nameof(ShopClient), "the tiers of its gRPC calls", "a resilience handler that retries");
    }

    [Fact]
    public async Task A_grpc_client_with_its_tiers_alone_is_fine()
    {
        _world.Services.ConfigureHttpClientDefaults(client => client.AddDefaultTiers());
        AddGrpc();
        await _world.StartAsync();
        _world.HandlersOf(nameof(ShopClient)).OfType<TierHandler>().ShouldBeEmpty();
    }

    public void Dispose() => _world.Dispose();

    private IHttpClientBuilder AddGrpc() => _world.Services.AddResilientGrpcClient<ShopClient>("shop", client => client.Address = new Uri("http://shop"));

    private async Task ShouldBeRefusedAsync(params string[] parts)
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(_world.StartAsync);
        refused.Message.ShouldContain("2 retry layers");
        foreach (var part in parts)
        {
            refused.Message.ShouldContain(part);
        }
    }

    private sealed class ShopClient(CallInvoker invoker)
    {
        public CallInvoker Invoker { get; } = invoker;
    }
}
