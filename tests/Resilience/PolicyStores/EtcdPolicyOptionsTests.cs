namespace Resilience.Tests.PolicyStores;

public sealed class EtcdPolicyOptionsTests
{
    private const string Secret = "s3cret;=word";

    [Fact]
    public void Addresses_alone_are_a_connection_string()
    {
        var options = EtcdPolicyOptions.Parse(" http://127.0.0.1:2379, http://etcd-2:2379 ");

        options.Addresses.ShouldBe([new Uri("http://127.0.0.1:2379"), new Uri("http://etcd-2:2379")]);
        options.Prefix.ShouldBe("/retry/config");
        options.AcknowledgementLease.ShouldBe(TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("Endpoints=http://a:2379;Prefix=/shop/eu/config;Username=shop;Password='s3cret;=word';AcknowledgementLease=30")]
    [InlineData("http://a:2379;prefix=/shop/eu/config;username=shop;password=\"s3cret;=word\";acknowledgementlease=30")]
    public void Everything_can_be_said_in_a_connection_string(string text)
    {
        var options = EtcdPolicyOptions.Parse(text);

        options.ShouldBe(new EtcdPolicyOptions
        {
            Endpoints = "http://a:2379", Prefix = "/shop/eu/config", Username = "shop", Password = Secret, AcknowledgementLease = TimeSpan.FromSeconds(30),
        });
    }

    [Theory]
    [InlineData("", "Endpoints", "http://127.0.0.1:2379")]
    [InlineData("localhost:2379", "connection string", "http://127.0.0.1:2379")]
    [InlineData("Endpoints=localhost:2379", "'localhost:2379'", "http://host:port")]
    [InlineData("http://a:2379/v3", "'http://a:2379/v3'", "http://host:port")]
    [InlineData("ftp://a:2379;", "connection string", "key=value")]
    [InlineData("http://a:2379;Prefix=retry/config", "'retry/config'", "such as /retry/config")]
    [InlineData("http://a:2379;Prefix=/retry/config/", "'/retry/config/'", "such as /retry/config")]
    [InlineData("http://a:2379;Prefix=/retry/audit", "'/retry/audit'", "not end in audit")]
    [InlineData("http://a:2379;Username=shop", "Password is missing", "with Username")]
    [InlineData("http://a:2379;Password=x", "Username is missing", "with Password")]
    [InlineData("http://a:2379;AcknowledgementLease=soon", "'soon'", "seconds")]
    [InlineData("http://a:2379;AcknowledgementLease=1", "1 s", "2 s to 1 h")]
    [InlineData("http://a:2379;AcknowledgementLease=99999999999999999999", "AcknowledgementLease", "2 s to 1 h")]
    [InlineData("https://a:2379;CaFile=/nowhere/ca.pem", "'/nowhere/ca.pem'", "exists")]
    [InlineData("https://a:2379;CertFile=/etc/hostname", "KeyFile is missing", "with CertFile")]
    [InlineData("http://a:2379;CaFile=/etc/hostname", "'/etc/hostname'", "https://")]
    [InlineData("http://a:2379;Timeout=5", "a key that there is not", "Endpoints, Prefix")]
    public void What_is_wrong_is_named_with_its_value_and_what_would_be_right(string text, string what, string right)
    {
        var wrong = Should.Throw<PolicyInvalidException>(() => EtcdPolicyOptions.Parse(text));

        wrong.Message.ShouldContain(what);
        wrong.Message.ShouldContain(right);
    }

    [Fact]
    public void A_file_that_is_no_certificate_is_named()
    {
        var file = Path.GetTempFileName();
        try
        {
            var wrong = Should.Throw<PolicyInvalidException>(() => new EtcdPolicyStore(new EtcdPolicyOptions { Endpoints = "https://a:2379", CaFile = file }));

            wrong.Message.ShouldContain("CaFile");
            wrong.Message.ShouldContain(Path.GetFileName(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("http://shop:s3cret@a:2379")]
    [InlineData("Endpoints=http://a:2379;Username=shop;Password=s3cret;Prefix=wrong")]
    [InlineData("Endpoints=http://a:2379;Username=shop;Password=pass;s3cret=word")]
    [InlineData("Password=s3cret")]
    [InlineData("Endpoints=http://a:2379;Password='s3cret")]
    [InlineData("s3cret")]
    public void A_password_is_never_repeated(string text)
    {
        var wrong = Should.Throw<PolicyInvalidException>(() => EtcdPolicyOptions.Parse(text));

        wrong.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task Names_tell_where_and_as_whom_and_not_the_password()
    {
        var options = EtcdPolicyOptions.Parse("Endpoints=http://a:2379,http://b:2379;Username=shop;Password=s3cret");
        await using var store = new EtcdPolicyStore(options);

        foreach (var name in new[] { options.ToString(), store.Name, store.ToString() })
        {
            name.ShouldBe("etcd http://a:2379,http://b:2379 /retry/config as shop");
        }
    }
}
