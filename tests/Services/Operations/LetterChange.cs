using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Services.Tests.Operations;

/// <summary>Letters that are none.</summary>
internal static class LetterChange
{
    /// <summary>A letter without a field (<c>-field</c>), with another value in it (<c>field=json</c>), or something else altogether.</summary>
    public static byte[] Of(string change)
    {
        var letter = new DeadLetter
        {
            ServiceName = "orders",
            Operation = "saga order: pay",
            ErrorCode = "PAYMENT_UNAVAILABLE",
            ErrorDetail = "It answered 503.",
            RetryCount = 3,
            Key = "order-1",
            Source = DeadLetterSource.Saga(new Guid("11111111-1111-1111-1111-111111111111"), "pay"),
            Time = DateTimeOffset.UnixEpoch,
            Payload = "no base64!",
        };
        var body = JsonNode.Parse(letter.ToJson())!.AsObject();
        if (change.StartsWith('-'))
        {
            body.Remove(change[1..]);
        }
        else if (change.Split('=', 2) is [var field, var value])
        {
            body[field] = JsonNode.Parse(value);
        }
        else
        {
            return Encoding.UTF8.GetBytes(change);
        }

        return JsonSerializer.SerializeToUtf8Bytes(body);
    }
}
