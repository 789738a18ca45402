using System.Text.Json;
using System.Text.Json.Serialization;

namespace Replay.Shop;

/// <summary>JSON of the shop's API. Numbers have to be JSON numbers: a shop that answers "12.50" is wrong.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(PlaceOrderRequest))]
[JsonSerializable(typeof(SetStockRequest))]
[JsonSerializable(typeof(OrderView))]
[JsonSerializable(typeof(StockView))]
[JsonSerializable(typeof(PaymentView))]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class ShopJson : JsonSerializerContext;
