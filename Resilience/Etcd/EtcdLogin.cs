using Etcdserverpb;
using Grpc.Core;

namespace ResilientShop.Resilience.Etcd;

/// <summary>The token that etcd gives for user and password. Thread-safe: many callers log in once.</summary>
internal sealed class EtcdLogin(string? username, string? password) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile string? _token;

    /// <summary>Whether there is somebody to log in as.</summary>
    public bool IsPossible => username is not null;

    public string? User => username;

    /// <summary>The token; empty where etcd has no users or we are nobody.</summary>
    /// <exception cref="RpcException">We are not let in.</exception>
    public async Task<string> TokenAsync(CallInvoker invoker, CallOptions options)
    {
        if (username is null || _token is { })
        {
            return _token ?? "";
        }

        await _turn.WaitAsync(options.CancellationToken).ConfigureAwait(false);
        try
        {
            return _token ??= await LogInAsync(invoker, options).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What was refused is asked for again; a newer token stays.</summary>
    public void Forget(string refused) => Interlocked.CompareExchange(ref _token, null, refused);

    public void Dispose() => _turn.Dispose();

    private async Task<string> LogInAsync(CallInvoker invoker, CallOptions options)
    {
        try
        {
            var answer = await new Auth.AuthClient(invoker).AuthenticateAsync(new AuthenticateRequest { Name = username, Password = password }, options).ConfigureAwait(false);
            return answer.Token;
        }
        catch (RpcException error) when (EtcdErrors.SaysLoginIsOff(error))
        {
            return "";
        }
    }
}
