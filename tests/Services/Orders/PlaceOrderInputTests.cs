using System.Net;
using System.Text;

namespace Services.Tests.Orders;

public sealed class PlaceOrderInputTests(PostgresServer server, PlaceOrderInputTests.OneHost host) : IClassFixture<PlaceOrderInputTests.OneHost>
{
    private const string Good = """{"customerId":"c","currency":"GBP","lines":[{"sku":"A","quantity":1,"unitPrice":1}],"payment":{"token":"tok_ok"}}""";
    private readonly OrdersHost _orders = host.Orders;

    public static TheoryData<string, string, string> WrongFields()
    {
        const string line = """{"sku":"A","quantity":1,"unitPrice":1}""";
        var longName = new string('x', 65);
        return new TheoryData<string, string, string>
        {
            { "{}", "customerId", "is missing; it must have 1 to 64 characters." },
            { "{}", "currency", "is missing; it must be three upper-case letters such as GBP." },
            { "{}", "lines", "is missing; it must have 1 to 1000 entries." },
            { "{}", "payment.token", "is missing; payment must be an object with a token." },
            { Good.Replace("\"c\"", "\"\""), "customerId", "is missing" },
            { Good.Replace("\"c\"", $"\"{longName}\""), "customerId", "has 65 characters; it must have 1 to 64." },
            { Good.Replace("\"c\"", "\"a b\""), "customerId", "has a character that is not visible" },
            { Good.Replace("\"c\"", "\"a\\u0000\""), "customerId", "has a character that is not visible" },
            { Good.Replace("GBP", "gbp"), "currency", "is 'gbp'" },
            { Good.Replace("GBP", "GBPX"), "currency", "has 4 characters" },
            { Good.Replace("GBP", "GB1"), "currency", "is 'GB1'" },
            { Good.Replace(line, ""), "lines", "is empty; it must have 1 to 1000 entries." },
            { Good.Replace(line, "null"), "lines[0]", "is null" },
            { Good.Replace(line, "{}"), "lines[0].sku", "is missing" },
            { Good.Replace(line, "{}"), "lines[0].quantity", "is missing; it must be a number greater than 0 and at most 1000000." },
            { Good.Replace(line, "{}"), "lines[0].unitPrice", "is missing" },
            { Good.Replace("\"A\"", $"\"{longName}\""), "lines[0].sku", "has 65 characters" },
            { Good.Replace("\"A\"", "\"A\\n\""), "lines[0].sku", "has a control character" },
            { Good.Replace("\"quantity\":1", "\"quantity\":0"), "lines[0].quantity", "is 0; it must be greater than 0" },
            { Good.Replace("\"quantity\":1", "\"quantity\":-3"), "lines[0].quantity", "is -3; it must be greater than 0" },
            { Good.Replace("\"quantity\":1", "\"quantity\":1000000.001"), "lines[0].quantity", "is 1000000.001" },
            { Good.Replace("\"quantity\":1", "\"quantity\":1.0001"), "lines[0].quantity", "is 1.0001; it must have at most 3 decimal places." },
            { Good.Replace("\"unitPrice\":1", "\"unitPrice\":0"), "lines[0].unitPrice", "is 0; it must be greater than 0" },
            { Good.Replace("\"unitPrice\":1", "\"unitPrice\":-0.01"), "lines[0].unitPrice", "is -0.01" },
            { Good.Replace("\"unitPrice\":1", "\"unitPrice\":1.00001"), "lines[0].unitPrice", "is 1.00001; it must have at most 4 decimal places." },
            { Good.Replace("\"unitPrice\":1", "\"unitPrice\":1e7"), "lines[0].unitPrice", "is 10000000" },
            { Good.Replace("\"tok_ok\"", "\"\""), "payment.token", "is missing" },
            { Good.Replace("\"tok_ok\"", "\"tok ok\""), "payment.token", "has a character that is not visible ASCII." },
            { Good.Replace("{\"token\":\"tok_ok\"}", "null"), "payment.token", "payment must be an object" },
        };
    }

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_is_named_with_its_value_and_what_would_be_right(string body, string field, string sentence)
    {
        var problem = await PostAsync(body);
        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe("VALIDATION_FAILED");
        problem.Error(field).ShouldStartWith(field);
        problem.Error(field).ShouldContain(sentence);
        (await _orders.CountRowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task All_errors_are_reported_in_one_pass()
    {
        var problem = await PostAsync("""{"customerId":"","currency":"x","lines":[{"sku":"A","quantity":1,"unitPrice":1},{"sku":"","quantity":0,"unitPrice":-1}],"payment":{}}""");
        problem.Body.GetProperty("errors").EnumerateObject().Select(error => error.Name)
            .ShouldBe(["customerId", "currency", "payment.token", "lines[1].sku", "lines[1].quantity", "lines[1].unitPrice"], ignoreOrder: true);
    }

    [Fact]
    public async Task The_secret_token_is_never_repeated()
    {
        var problem = await PostAsync(Good.Replace("tok_ok", "tok secret"));
        problem.Body.GetRawText().ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("{", "$")]
    [InlineData("[]", "$")]
    [InlineData("\"order\"", "$")]
    [InlineData("""{"lines":[{"quantity":"NaN"}]}""", "$.lines[0].quantity")]
    [InlineData("""{"lines":[{"quantity":"1"}]}""", "$.lines[0].quantity")]
    [InlineData("""{"lines":[{"quantity":1},{"unitPrice":1e400}]}""", "$.lines[1].unitPrice")]
    [InlineData("""{"lines":[{"unitPrice":true}]}""", "$.lines[0].unitPrice")]
    [InlineData("""{"lines":{}}""", "$.lines")]
    [InlineData("""{"customerId":17850}""", "$.customerId")]
    [InlineData("""{"lines":[{"quantity":NaN}]}""", "$.lines[0].quantity")]
    public async Task A_body_that_is_not_the_expected_json_is_400_and_says_where(string body, string path)
    {
        var problem = await PostAsync(body);
        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe("MALFORMED_BODY");
        problem.Body.GetProperty("path").GetString().ShouldBe(path);
        (await _orders.CountRowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    public async Task No_body_is_400_with_a_body(string body)
    {
        var problem = await PostAsync(body);
        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe("MALFORMED_BODY");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Another_content_type_is_415(string type)
    {
        var problem = await Problem.ReadAsync(await _orders.PostAsync(new StringContent(Good, Encoding.UTF8, type)));
        problem.Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        problem.Code.ShouldBe("UNSUPPORTED_MEDIA_TYPE");
        problem.Detail!.ShouldContain(type);
    }

    [Fact]
    public async Task Ten_thousand_lines_are_too_many()
    {
        var lines = string.Join(',', Enumerable.Range(0, 10_000).Select(i => $$"""{"sku":"{{i}}","quantity":1,"unitPrice":1}"""));
        var problem = await PostAsync(Good.Replace("""{"sku":"A","quantity":1,"unitPrice":1}""", lines));
        problem.Error("lines").ShouldBe("lines has 10000 entries; it must have 1 to 1000.");
        problem.Body.GetProperty("errors").EnumerateObject().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_thousand_lines_are_an_order()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var lines = string.Join(',', Enumerable.Range(0, 1000).Select(i => $$"""{"sku":"{{i % 700}}","quantity":0.001,"unitPrice":999999.9999}"""));
        var response = await orders.PostAsync(Json.Body(Good.Replace("""{"sku":"A","quantity":1,"unitPrice":1}""", lines)));
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await OrdersHost.ViewAsync(response)).Total.ShouldBe(999_999.9999m);
    }

    [Fact]
    public async Task The_largest_order_there_can_be_is_summed_exactly()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var lines = string.Join(',', Enumerable.Repeat("""{"sku":"A","quantity":999999.999,"unitPrice":999999.9999}""", 1000));
        var response = await orders.PostAsync(Json.Body(Good.Replace("""{"sku":"A","quantity":1,"unitPrice":1}""", lines)));
        (await OrdersHost.ViewAsync(response)).Total.ShouldBe(999999.999m * 999999.9999m * 1000);
    }

    [Fact]
    public async Task A_body_of_ten_megabytes_is_413()
    {
        // The server says so before the body is sent; a client that does not ask first, or waits no longer for the answer than usual (1 s), may find the connection closed instead.
        using var http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan }) { BaseAddress = _orders.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = Json.Body(Good.Replace("\"c\"", $"\"{new string('x', 10 * 1024 * 1024)}\"")),
            Headers = { ExpectContinue = true },
        };
        var problem = await Problem.ReadAsync(await http.SendAsync(request, OrdersHost.Cancel));
        problem.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        problem.Code.ShouldBe("BODY_TOO_LARGE");
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    public async Task A_wrong_idempotency_key_is_400_and_names_the_header(string key)
    {
        var problem = await Problem.ReadAsync(await _orders.PostAsync(Json.Body(Good), key));
        problem.Code.ShouldBe("VALIDATION_FAILED");
        problem.Error("Idempotency-Key").ShouldStartWith("Idempotency-Key ");
        (await _orders.CountRowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task An_idempotency_key_that_is_too_long_is_400()
    {
        var problem = await Problem.ReadAsync(await _orders.PostAsync(Json.Body(Good), new string('k', 256)));
        problem.Error("Idempotency-Key").ShouldBe("Idempotency-Key has 256 characters; it must have 1 to 255.");
    }

    [Fact]
    public async Task Unknown_skus_are_400_and_each_line_is_named()
    {
        _orders.Inventory.Unknown.Add("GHOST");
        var problem = await Problem.ReadAsync(await _orders.PostAsync(OrdersHost.Order(lines: [("A", 1, 1), ("GHOST", 1, 1), ("A", 1, 1), ("GHOST", 2, 1)])));
        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe("UNKNOWN_SKU");
        problem.Error("lines[1].sku").ShouldContain("'GHOST'");
        problem.Error("lines[3].sku").ShouldContain("'GHOST'");
        problem.Body.GetProperty("errors").EnumerateObject().Count().ShouldBe(2);
        (await _orders.CountRowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("99999999999")]
    public async Task A_deadline_that_is_no_number_counts_as_none(string deadline)
    {
        await using var orders = await OrdersHost.StartAsync(server);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = Json.Body(Good) };
        request.Headers.Add("x-deadline-ms", deadline);
        (await orders.Client.SendAsync(request, OrdersHost.Cancel)).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1")]
    [InlineData("018f0000-0000-7000-8000-000000000000")]
    public async Task An_order_that_is_not_there_is_404_with_a_body(string id)
    {
        foreach (var response in new[]
        {
            await _orders.Client.GetAsync($"/orders/{id}", OrdersHost.Cancel),
            await _orders.Client.PostAsync($"/orders/{id}/cancel", content: null, OrdersHost.Cancel),
        })
        {
            var problem = await Problem.ReadAsync(response);
            problem.Status.ShouldBe(HttpStatusCode.NotFound);
            problem.Code.ShouldBe("NOT_FOUND");
            problem.Detail!.ShouldContain(id);
        }
    }

    [Fact]
    public async Task Endpoints_describe_themselves()
    {
        var document = await _orders.Client.GetStringAsync("/openapi/v1.json", OrdersHost.Cancel);
        document.ShouldContain("Place an order.");
        document.ShouldContain("Cancel an order.");
        document.ShouldContain("unitPrice");
    }

    [Fact]
    public async Task Wrong_settings_stop_the_service_with_their_name()
    {
        var error = await Should.ThrowAsync<Exception>(() => OrdersHost.StartAsync(server, ("Checkout:SlaMs", "-1")));
        error.ToString().ShouldContain("SlaMs");
    }

    private async Task<Problem> PostAsync(string body) => await Problem.ReadAsync(await _orders.PostAsync(Json.Body(body)));

    /// <summary>One host for all of them: bad input stores nothing, so they cannot disturb each other.</summary>
    public sealed class OneHost(PostgresServer server) : IAsyncLifetime
    {
        internal OrdersHost Orders { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Orders = await OrdersHost.StartAsync(server);

        public ValueTask DisposeAsync() => Orders.DisposeAsync();
    }
}
