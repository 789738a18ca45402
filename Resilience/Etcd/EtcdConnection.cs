using Grpc.Core;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Calls to the cluster: each has a deadline and our token, goes on to the next member when one fails, and ends in a <see cref="PolicyStoreException"/> when all
/// do. Thread-safe.
/// </summary>
internal sealed class EtcdConnection : IDisposable
{
    // Longer than a dead connection takes to be noticed (3 to 5 s), so that calls on one still get their second try.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(6);

    private readonly EtcdEndpoint[] _endpoints;
    private readonly EtcdLogin _login;
    private readonly string _name;
    private int _current;

    public EtcdConnection(EtcdPolicyOptions options, string name)
    {
        _endpoints = EtcdEndpoint.Create(options);
        _login = new EtcdLogin(options.Username, options.Password);
        _name = name;
    }

    /// <summary>Makes a call. It may arrive twice, so it must be one that does no harm then.</summary>
    /// <param name="what">What it does, for messages: a noun such as "reading /retry/config".</param>
    /// <param name="call">Makes it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<T> CallAsync<T>(string what, Func<CallInvoker, CallOptions, Task<T>> call, CancellationToken cancellationToken)
    {
        // The pool may give out a connection that has just died, so even one member gets two tries.
        for (var left = Math.Max(_endpoints.Length, 2) - 1; ; left--)
        {
            var used = Volatile.Read(ref _current);
            try
            {
                return await AsUserAsync(_endpoints[used].Invoker, Options, call).ConfigureAwait(false);
            }
            catch (RpcException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            catch (RpcException error) when (left > 0 && EtcdErrors.IsOfTheConnection(error) && MayTryAgain(error))
            {
                GoOnFrom(used);
            }
            catch (RpcException error)
            {
                GoOnFrom(used, error);
                throw EtcdErrors.From(error, _name, what, _login.User);
            }
        }

        CallOptions Options(string token) => new(HeadersFor(token), DateTime.UtcNow + Deadline, cancellationToken);
    }

    /// <summary>Runs a stream, which has no deadline, until it ends or fails.</summary>
    public async Task<T> StreamAsync<T>(string what, Func<CallInvoker, CallOptions, Task<T>> run, CancellationToken cancellationToken)
    {
        var used = Volatile.Read(ref _current);
        try
        {
            var invoker = _endpoints[used].Invoker;
            var token = await _login.TokenAsync(invoker, new CallOptions(HeadersFor(""), DateTime.UtcNow + Deadline, cancellationToken)).ConfigureAwait(false);
            return await run(invoker, new CallOptions(HeadersFor(token), cancellationToken: cancellationToken)).ConfigureAwait(false);
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (RpcException error)
        {
            GoOnFrom(used, error);
            throw EtcdErrors.From(error, _name, what, _login.User);
        }
    }

    /// <summary>Sends the first request of a stream. When the connection breaks meanwhile, what comes out of the writer may be anything; here it is a failed call.</summary>
    public static async Task SendAsync<T>(IClientStreamWriter<T> requests, T request, CancellationToken cancellationToken)
    {
        try
        {
            await requests.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (RpcException or OperationCanceledException))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the connection broke", exception));
        }
    }

    public void Dispose()
    {
        foreach (var endpoint in _endpoints)
        {
            endpoint.Dispose();
        }

        _login.Dispose();
    }

    private async Task<T> AsUserAsync<T>(CallInvoker invoker, Func<string, CallOptions> options, Func<CallInvoker, CallOptions, Task<T>> call)
    {
        var token = await _login.TokenAsync(invoker, options("")).ConfigureAwait(false);
        try
        {
            return await call(invoker, options(token)).ConfigureAwait(false);
        }
        catch (RpcException error) when (_login.IsPossible && EtcdErrors.AsksForLogin(error))
        {
            _login.Forget(token);
            token = await _login.TokenAsync(invoker, options("")).ConfigureAwait(false);
            return await call(invoker, options(token)).ConfigureAwait(false);
        }
    }

    // A member that did not answer in time will hardly do so the second time, another one may.
    private bool MayTryAgain(RpcException error) => _endpoints.Length > 1 || error.StatusCode != StatusCode.DeadlineExceeded;

    private void GoOnFrom(int failed, RpcException? error = null)
    {
        if (error is null || EtcdErrors.IsOfTheConnection(error))
        {
            // Only who failed on the current member moves on: of many that fail at once, the second would skip a member.
            Interlocked.CompareExchange(ref _current, (failed + 1) % _endpoints.Length, failed);
        }
    }

    // A member without a leader says so at once, instead of leaving a watch open that hears of nothing.
    private static Metadata HeadersFor(string token)
    {
        var headers = new Metadata { { "hasleader", "true" } };
        if (token.Length > 0)
        {
            headers.Add("token", token);
        }

        return headers;
    }
}
