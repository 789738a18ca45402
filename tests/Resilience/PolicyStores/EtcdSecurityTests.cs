using static Resilience.Tests.PolicyStores.StoreTexts;

namespace Resilience.Tests.PolicyStores;

/// <summary>Users, tokens and certificates. Each test has a server of its own.</summary>
public sealed class EtcdSecurityTests
{
    private const int Patience = 120_000;
    private const string Password = "pa55-word";

    // Passwords are hashed slowly on purpose; these are to be fast.
    private static readonly string[] FastHashes = ["--bcrypt-cost", "4"];

    [Fact(Timeout = Patience)]
    public async Task What_is_not_granted_is_denied_until_it_is_granted()
    {
        await using var etcd = await EtcdServer.StartNewAsync(FastHashes);
        using var users = await EtcdUsers.EnableAsync(etcd);
        await users.AddAsync("shop", Password);
        await using var store = Store(etcd, Password);
        await using var watch = new StateWatch(store);

        var problem = await watch.ProblemAsync(PolicyStoreFailure.Denied);
        var denied = await Should.ThrowAsync<PolicyStoreException>(() => store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken));
        await users.AllowAsync("shop", "/retry/");

        denied.Failure.ShouldBe(PolicyStoreFailure.Denied);
        problem.Message.ShouldContain("user shop");
        problem.Message.ShouldContain("/retry/config");
        ShouldNotTellPassword(problem, denied);
        (await watch.NextAsync()).IsEmpty.ShouldBeTrue();
        await watch.WellAsync();
        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "a: 1");
        await store.AcknowledgeAsync(
            new Acknowledgement { Service = "orders", Instance = "orders-1", Revision = 1, Digest = "", At = DateTimeOffset.UtcNow }, TestContext.Current.CancellationToken);
        (await store.AcknowledgementsAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        (await store.HistoryAsync(10, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
    }

    [Fact(Timeout = Patience)]
    public async Task A_wrong_password_is_denied_until_it_is_right()
    {
        await using var etcd = await EtcdServer.StartNewAsync(FastHashes);
        using var users = await EtcdUsers.EnableAsync(etcd);
        await users.AddAsync("shop", "another-one");
        await users.AllowAsync("shop", "/retry/");
        await using var store = Store(etcd, Password);
        await using var watch = new StateWatch(store);

        var problem = await watch.ProblemAsync(PolicyStoreFailure.Denied);
        var denied = await Should.ThrowAsync<PolicyStoreException>(() => store.ReadAsync(TestContext.Current.CancellationToken));
        await users.ChangePasswordAsync("shop", Password);

        denied.Failure.ShouldBe(PolicyStoreFailure.Denied);
        problem.Message.ShouldContain("user shop is not let in");
        ShouldNotTellPassword(problem, denied);
        (await watch.NextAsync()).IsEmpty.ShouldBeTrue();
    }

    [Fact(Timeout = Patience)]
    public async Task Where_etcd_asks_for_a_user_nobody_is_told_to_be_one()
    {
        await using var etcd = await EtcdServer.StartNewAsync(FastHashes);
        using var users = await EtcdUsers.EnableAsync(etcd);
        await using var store = new EtcdPolicyStore(new EtcdPolicyOptions { Endpoints = etcd.Endpoint });

        var denied = await Should.ThrowAsync<PolicyStoreException>(() => store.ReadAsync(TestContext.Current.CancellationToken));

        denied.Failure.ShouldBe(PolicyStoreFailure.Denied);
        denied.Message.ShouldContain("Set Username and Password");
    }

    [Fact(Timeout = Patience)]
    public async Task Users_may_be_introduced_while_stores_are_at_work()
    {
        await using var etcd = await EtcdServer.StartNewAsync(FastHashes);
        await using var store = Store(etcd, Password);
        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);

        using var users = await EtcdUsers.EnableAsync(etcd);
        await users.AddAsync("shop", Password);
        await users.AllowAsync("shop", "/retry/");

        await store.ChangeAsync(Change(("defaults", "a: 2")), TestContext.Current.CancellationToken);
        (await store.ReadAsync(TestContext.Current.CancellationToken)).TextOf("defaults").ShouldBe("a: 2");
    }

    [Fact(Timeout = Patience)]
    public async Task Tokens_that_a_restarted_server_has_forgotten_are_asked_for_again()
    {
        await using var etcd = await EtcdServer.StartNewAsync(FastHashes);
        using var users = await EtcdUsers.EnableAsync(etcd);
        await users.AddAsync("shop", Password);
        await users.AllowAsync("shop", "/retry/");
        await using var store = Store(etcd, Password);
        await using var other = Store(etcd, Password);
        await other.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);
        await watch.UntilAsync("defaults", "a: 1");

        await etcd.StopAsync();
        await etcd.StartAsync();

        await other.ChangeAsync(Change(("defaults", "a: 2")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "a: 2");
        await watch.WellAsync();
    }

    [Fact(Timeout = Patience)]
    public async Task Tokens_that_have_run_out_are_asked_for_again()
    {
        await using var etcd = await EtcdServer.StartNewAsync([.. FastHashes, "--auth-token-ttl", "1"]);
        using var users = await EtcdUsers.EnableAsync(etcd);
        await users.AddAsync("shop", Password);
        await users.AllowAsync("shop", "/retry/");
        await using var store = Store(etcd, Password);
        await using var watch = new StateWatch(store);
        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "a: 1");

        using var idle = new PeriodicTimer(TimeSpan.FromSeconds(4));
        await idle.WaitForNextTickAsync(TestContext.Current.CancellationToken);

        await store.ChangeAsync(Change(("defaults", "a: 2")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "a: 2");
    }

    [Fact(Timeout = Patience)]
    public async Task Certificates_are_checked_on_both_sides()
    {
        using var files = new CertificateFiles();
        await using var etcd = await EtcdServer.StartNewAsync(
            "--cert-file", files.ServerCertificate, "--key-file", files.ServerKey, "--client-cert-auth", "--trusted-ca-file", files.Authority);
        var right = new EtcdPolicyOptions { Endpoints = etcd.Endpoint, CaFile = files.Authority, CertFile = files.ClientCertificate, KeyFile = files.ClientKey };
        await using var store = new EtcdPolicyStore(right);
        await using var watch = new StateWatch(store);

        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "a: 1");

        foreach (var wrong in new[]
        {
            right with { CaFile = null },
            right with { CaFile = files.OtherAuthority },
            right with { CertFile = null, KeyFile = null },
            right with { Endpoints = etcd.Endpoint.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) },
        })
        {
            await using var stranger = new EtcdPolicyStore(wrong);
            var refused = await Should.ThrowAsync<PolicyStoreException>(() => stranger.ReadAsync(TestContext.Current.CancellationToken));
            refused.Failure.ShouldBe(PolicyStoreFailure.Unavailable);
        }

        await using var untrusting = new EtcdPolicyStore(right with { CaFile = files.OtherAuthority });
        (await Should.ThrowAsync<PolicyStoreException>(() => untrusting.ReadAsync(TestContext.Current.CancellationToken))).Message.ShouldContain("Check CaFile");
    }

    private static EtcdPolicyStore Store(EtcdServer etcd, string password) =>
        new(new EtcdPolicyOptions { Endpoints = etcd.Endpoint, Username = "shop", Password = password });

    private static void ShouldNotTellPassword(params Exception[] exceptions)
    {
        foreach (var exception in exceptions)
        {
            exception.ToString().ShouldNotContain(Password);
        }
    }
}
