using Grpc.Core;

namespace Services.Tests.Inventory;

public sealed class GrpcInputTests(InventoryFixture inventory) : IClassFixture<InventoryFixture>
{
    private static readonly DecimalValue One = DecimalValue.FromDecimal(1);

    public static TheoryData<string, DecimalValue?, string> BadLines => new()
    {
        { "a", null, "lines[0].quantity is missing" },
        { "a", DecimalValue.FromDecimal(0), "lines[0].quantity is 0" },
        { "a", DecimalValue.FromDecimal(-1), "lines[0].quantity is -1" },
        { "a", DecimalValue.FromDecimal(1_000_000_001), "lines[0].quantity is 1000000001" },
        { "a", DecimalValue.FromDecimal(0.0001m), "at most 3 decimal places" },
        { "a", new DecimalValue { Units = 1, Nanos = -1 }, "of the sign of units" },
        { "a", new DecimalValue { Units = 1, Nanos = int.MinValue }, "nanos must be below 10^9" },
        { "", One, "lines[0].sku is missing" },
        { new string('x', 65), One, "lines[0].sku has 65 characters" },
        { "a\0b", One, "lines[0].sku has a control character" },
    };

    [Theory]
    [MemberData(nameof(BadLines))]
    public async Task A_line_that_makes_no_sense_is_an_invalid_argument_that_names_it(string sku, DecimalValue? quantity, string expected)
    {
        var request = new ReserveRequest
        {
            OrderId = Guid.NewGuid().ToString(),
            Lines = { new ReserveRequest.Types.Line { Sku = sku, Quantity = quantity } },
        };

        var error = await Should.ThrowAsync<RpcException>(async () => await inventory.Grpc.ReserveAsync(request));

        error.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        error.Status.Detail.ShouldContain(expected);
    }

    [Fact]
    public async Task Every_wrong_line_is_named_at_once()
    {
        var request = InventoryFixture.Wish(Guid.NewGuid(), ("a", 0), ("b", 1), ("", -1));

        var error = await Should.ThrowAsync<RpcException>(async () => await inventory.Grpc.ReserveAsync(request));

        error.Status.Detail.ShouldContain("lines[0].quantity");
        error.Status.Detail.ShouldContain("lines[2].sku");
        error.Status.Detail.ShouldContain("lines[2].quantity");
        error.Status.Detail.ShouldNotContain("lines[1]");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task An_order_has_one_to_a_thousand_lines(int count)
    {
        var request = InventoryFixture.Wish(Guid.NewGuid(), [.. Enumerable.Repeat(("a", 1m), count)]);

        var error = await Should.ThrowAsync<RpcException>(async () => await inventory.Grpc.ReserveAsync(request));

        error.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        error.Status.Detail.ShouldBe($"lines has {count} entries; it must have 1 to 1000.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public async Task An_order_id_is_a_uuid(string orderId)
    {
        var reserve = await Should.ThrowAsync<RpcException>(async () => await inventory.Grpc.ReserveAsync(new ReserveRequest { OrderId = orderId }));
        var release = await Should.ThrowAsync<RpcException>(async () => await inventory.Grpc.ReleaseAsync(new ReleaseRequest { OrderId = orderId }));

        reserve.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        reserve.Status.Detail.ShouldStartWith($"order_id is '{orderId}'");
        release.StatusCode.ShouldBe(StatusCode.InvalidArgument);
    }

    [Fact]
    public async Task Unknown_skus_are_found_each_once_and_odd_names_are_simply_unknown()
    {
        var known = await inventory.StockAsync(1);
        var request = new FindUnknownSkusRequest { Skus = { known, "nope", "nope", "a\0b", new string('x', 65) } };

        var reply = await inventory.Grpc.FindUnknownSkusAsync(request, cancellationToken: TestContext.Current.CancellationToken);

        reply.Unknown.ShouldBe(["nope", "a\0b", new string('x', 65)], ignoreOrder: true);
    }

    [Fact]
    public async Task Asking_for_no_sku_finds_none() =>
        (await inventory.Grpc.FindUnknownSkusAsync(new FindUnknownSkusRequest(), cancellationToken: TestContext.Current.CancellationToken)).Unknown.ShouldBeEmpty();

    [Fact]
    public async Task Asking_for_too_many_skus_is_an_invalid_argument()
    {
        var request = new FindUnknownSkusRequest { Skus = { Enumerable.Repeat("a", 1001) } };

        var error = await Should.ThrowAsync<RpcException>(async () => await inventory.Grpc.FindUnknownSkusAsync(request));

        error.StatusCode.ShouldBe(StatusCode.InvalidArgument);
    }
}
