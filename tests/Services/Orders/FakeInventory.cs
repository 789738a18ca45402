using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Orders;

/// <summary>Inventory at the wire: real gRPC on loopback, answers as the test says.</summary>
internal sealed class FakeInventory : InventoryService.InventoryServiceBase, IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>Orders whose stock is reserved now.</summary>
    public ConcurrentDictionary<string, ReserveRequest> Reserved { get; } = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    public HashSet<string> Unknown { get; } = new(StringComparer.Ordinal);

    public Func<ReserveRequest, ReserveReply>? OnReserve { get; set; }

    public Func<ReleaseRequest, ReleaseReply>? OnRelease { get; set; }

    /// <summary>When set, reserving waits for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public Uri Address => new(_app!.Urls.First());

    public static async Task<FakeInventory> StartAsync()
    {
        var fake = new FakeInventory();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(fake);
        fake._app = builder.Build();
        fake._app.MapGrpcService<FakeInventory>();
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        return fake;
    }

    public override async Task<ReserveReply> Reserve(ReserveRequest request, ServerCallContext context)
    {
        Calls.Enqueue("reserve");
        if (Gate is { } gate)
        {
            await gate.Task.WaitAsync(context.CancellationToken);
        }

        var reply = OnReserve?.Invoke(request) ?? new ReserveReply { Outcome = ReserveReply.Types.Outcome.Reserved };
        if (reply.Outcome == ReserveReply.Types.Outcome.Reserved)
        {
            Reserved[request.OrderId] = request;
        }

        return reply;
    }

    public override Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context)
    {
        Calls.Enqueue("release");
        var reply = OnRelease?.Invoke(request) ?? new ReleaseReply();
        Reserved.TryRemove(request.OrderId, out _);
        return Task.FromResult(reply);
    }

    public override Task<FindUnknownSkusReply> FindUnknownSkus(FindUnknownSkusRequest request, ServerCallContext context)
    {
        Calls.Enqueue("find");
        return Task.FromResult(new FindUnknownSkusReply { Unknown = { request.Skus.Where(Unknown.Contains) } });
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}
