namespace Tools.Tests.OwnShop;

public sealed class ShopAddressesTests
{
    [Fact]
    public void A_ready_file_tells_addresses_and_processes()
    {
        var shop = ShopAddresses.Parse(
            """
            {"gateway":"http://localhost:1000","operations":"http://localhost:1001",
             "processes":[{"name":"orders-1","pid":7,"healthy":true,"url":"http://localhost:1002"},{"name":"postgres","pid":null,"healthy":false}]}
            """);

        shop.Addresses["gateway"].ShouldBe(new Uri("http://localhost:1000/"));
        shop.Instances.ShouldBe([new ShopInstance("orders-1", 7, true, new Uri("http://localhost:1002/")), new ShopInstance("postgres", null, false, null)]);
    }

    [Fact]
    public void A_file_that_is_not_there_yet_is_nothing() =>
        ShopAddresses.TryRead(Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}", "ready.json")).ShouldBeNull();
}
