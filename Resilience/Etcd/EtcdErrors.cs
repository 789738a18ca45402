using System.Security.Authentication;
using Grpc.Core;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>What etcd's errors mean. Its texts are part of its interface: several errors share a status code.</summary>
internal static class EtcdErrors
{
    /// <summary>Whether another member, or another connection, may do better.</summary>
    public static bool IsOfTheConnection(RpcException error) =>
        error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown;

    /// <summary>Whether a new token may help: there was none, it has run out, the server has forgotten it, or users and roles have changed since.</summary>
    public static bool AsksForLogin(RpcException error) =>
        error.StatusCode == StatusCode.Unauthenticated
        || Says(error, "invalid auth token") || Says(error, "user name is empty") || Says(error, "revision of auth store is old");

    /// <summary>Whether etcd has no users, so that nobody can log in.</summary>
    public static bool SaysLoginIsOff(RpcException error) => Says(error, "authentication is not enabled");

    /// <summary>Whether user or password are wrong. Each try costs etcd a slow hash of the password.</summary>
    public static bool IsRefusedLogin(PolicyStoreException exception) => exception.InnerException is RpcException error && Says(error, "authentication failed");

    /// <summary>Whether a lease has run out, or went with what a replaced server knew.</summary>
    public static bool IsLostLease(PolicyStoreException exception) => exception.InnerException is RpcException { StatusCode: StatusCode.NotFound };

    /// <summary>The error of a watch that the server has cancelled.</summary>
    public static RpcException OfCancelledWatch(string reason)
    {
        var code = reason.Contains("permission denied", StringComparison.Ordinal) ? StatusCode.PermissionDenied
            : reason.Contains("invalid auth token", StringComparison.Ordinal) ? StatusCode.Unauthenticated
            : StatusCode.Unavailable;
        return new RpcException(new Status(code, reason.Length == 0 ? "the watch was cancelled" : reason));
    }

    /// <param name="error">What went wrong.</param>
    /// <param name="store">Name of the store.</param>
    /// <param name="what">What was done, for example "reading /retry/config".</param>
    /// <param name="user">Who did it.</param>
    public static PolicyStoreException From(RpcException error, string store, string what, string? user)
    {
        var detail = error.Status.Detail.TrimEnd('.');
        PolicyStoreException As(PolicyStoreFailure failure, string message) => new(failure, $"{store}: {message}", error);

        return error.StatusCode switch
        {
            StatusCode.PermissionDenied => As(
                PolicyStoreFailure.Denied,
                $"{what} is not allowed{(user is null ? "" : $" to user {user}")}. Grant the keys to a role: etcdctl role grant-permission ROLE --prefix=true readwrite KEY"),
            StatusCode.Unauthenticated => As(PolicyStoreFailure.Denied, $"{what} is refused: {detail}. Check Username and Password"),
            StatusCode.InvalidArgument when Says(error, "user name is empty") => As(PolicyStoreFailure.Denied, $"{what} needs a user. Set Username and Password"),
            StatusCode.InvalidArgument when Says(error, "authentication failed") => As(
                PolicyStoreFailure.Denied, $"user {user} is not let in: there is no such user, or the password is wrong. Check Username and Password"),
            StatusCode.OutOfRange when Says(error, "compacted") => As(
                PolicyStoreFailure.Compacted, $"{what} is no longer possible: etcd has compacted it away. See the history for later ones"),
            StatusCode.OutOfRange when Says(error, "future revision") => As(
                PolicyStoreFailure.UnknownRevision, $"{what} is not possible yet: there is no such revision. See the history for those that there are"),
            StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.NotFound => As(PolicyStoreFailure.Denied, $"{what} is refused: {detail}"),
            StatusCode.ResourceExhausted when Says(error, "space exceeded") => As(
                PolicyStoreFailure.Unavailable, $"{what} failed: etcd's disk quota is used up. Compact and defragment it, then disarm its alarm"),
            StatusCode.DeadlineExceeded => As(PolicyStoreFailure.Unavailable, $"{what} got no answer in time. Check that etcd runs, has a leader and can be reached"),
            _ when IsOfCertificate(error) => As(
                PolicyStoreFailure.Unavailable,
                $"{what} failed: no trust between us and etcd. Check CaFile, CertFile and KeyFile, and the host name in Endpoints ({detail})"),
            _ => As(PolicyStoreFailure.Unavailable, $"{what} failed: {detail}. Check that etcd runs and can be reached"),
        };
    }

    private static bool Says(RpcException error, string text) => error.Status.Detail.Contains(text, StringComparison.Ordinal);

    private static bool IsOfCertificate(RpcException error)
    {
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return true;
            }
        }

        return false;
    }
}
