using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Level = Google.Protobuf.Reflection.MethodOptions.Types.IdempotencyLevel;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// What a service's contract says of its methods: <c>option idempotency_level = IDEMPOTENT</c> (or <c>NO_SIDE_EFFECTS</c>) in the proto file. A method
/// that says nothing is not idempotent, unless the call carries an <c>idempotency-key</c>. Immutable.
/// </summary>
internal sealed class GrpcMethods
{
    private readonly FrozenDictionary<string, Idempotency> _methods;

    private GrpcMethods(FrozenDictionary<string, Idempotency> methods) => _methods = methods;

    /// <summary>Reads the contract of the service that a generated client belongs to. A client without a contract has methods that say nothing.</summary>
    public static GrpcMethods Of(Type client)
    {
        var descriptor = client.DeclaringType?.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as ServiceDescriptor;
        return new GrpcMethods((descriptor?.Methods ?? []).ToFrozenDictionary(
            method => method.Name, method => From(method.GetOptions()?.IdempotencyLevel ?? Level.IdempotencyUnknown), StringComparer.Ordinal));
    }

    public Idempotency Of(string method, Metadata? headers) => _methods.GetValueOrDefault(method) switch
    {
        Idempotency.NotIdempotent when headers?.Get(ResilienceHeaders.IdempotencyKey.ToLowerInvariant()) is not null => Idempotency.Idempotent,
        var declared => declared,
    };

    private static Idempotency From(Level level) => level switch
    {
        Level.NoSideEffects => Idempotency.Safe,
        Level.Idempotent => Idempotency.Idempotent,
        _ => Idempotency.NotIdempotent,
    };
}
