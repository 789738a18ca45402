using Authpb;
using Etcdserverpb;
using Grpc.Core;
using Grpc.Net.Client;

namespace Resilience.Tests.PolicyStores;

/// <summary>Users of an etcd server, made by its root.</summary>
internal sealed class EtcdUsers : IDisposable
{
    private const string Root = "root";
    private const string RootPassword = "root-s3cret";

    private readonly GrpcChannel _channel;
    private readonly Auth.AuthClient _auth;
    private readonly Metadata _headers = [];

    private EtcdUsers(EtcdServer etcd)
    {
        _channel = GrpcChannel.ForAddress(etcd.Endpoint);
        _auth = new Auth.AuthClient(_channel);
    }

    /// <summary>Has etcd ask for users from now on.</summary>
    public static async Task<EtcdUsers> EnableAsync(EtcdServer etcd)
    {
        var users = new EtcdUsers(etcd);
        await users.AddAsync(Root, RootPassword);
        await users._auth.RoleAddAsync(new AuthRoleAddRequest { Name = Root });
        await users.GrantAsync(Root, Root);
        await users._auth.AuthEnableAsync(new AuthEnableRequest());
        await users.LogInAsync();
        return users;
    }

    /// <summary>Root's tokens are gone after a restart too.</summary>
    public async Task LogInAsync()
    {
        _headers.Clear();
        _headers.Add("token", (await _auth.AuthenticateAsync(new AuthenticateRequest { Name = Root, Password = RootPassword })).Token);
    }

    public async Task AddAsync(string user, string password) => await _auth.UserAddAsync(new AuthUserAddRequest { Name = user, Password = password }, _headers);

    public async Task ChangePasswordAsync(string user, string password) =>
        await _auth.UserChangePasswordAsync(new AuthUserChangePasswordRequest { Name = user, Password = password }, _headers);

    /// <summary>Lets a user do all with the keys that begin with a prefix.</summary>
    public async Task AllowAsync(string user, string prefix)
    {
        var role = $"{user}-role";
        await _auth.RoleAddAsync(new AuthRoleAddRequest { Name = role }, _headers);
        var permission = new Permission
        {
            PermType = Permission.Types.Type.Readwrite,
            Key = Google.Protobuf.ByteString.CopyFromUtf8(prefix),
            RangeEnd = Google.Protobuf.ByteString.CopyFromUtf8($"{prefix[..^1]}0"),
        };
        await _auth.RoleGrantPermissionAsync(new AuthRoleGrantPermissionRequest { Name = role, Perm = permission }, _headers);
        await GrantAsync(user, role);
    }

    public void Dispose() => _channel.Dispose();

    private async Task GrantAsync(string user, string role) => await _auth.UserGrantRoleAsync(new AuthUserGrantRoleRequest { User = user, Role = role }, _headers);
}
