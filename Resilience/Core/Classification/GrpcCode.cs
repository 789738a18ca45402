namespace ResilientShop.Resilience;

/// <summary>gRPC status codes by their names on the wire (https://grpc.github.io/grpc/core/md_doc_statuscodes.html); this library does not depend on gRPC.</summary>
internal static class GrpcCode
{
    public const int Ok = 0;
    public const int Cancelled = 1;
    public const int Unknown = 2;
    public const int DeadlineExceeded = 4;
    public const int AlreadyExists = 6;
    public const int Internal = 13;
    public const int Unavailable = 14;
    public const int DataLoss = 15;

    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>How many codes there are.</summary>
    public static int Count => Names.Length;

    /// <summary>The name of a code; <c>UNKNOWN</c> for a number that is none.</summary>
    public static string NameOf(int code) => (uint)code < (uint)Names.Length ? Names[code] : "UNKNOWN";

    /// <summary>The code of a name, or -1.</summary>
    public static int Parse(string name) => Array.IndexOf(Names, name);
}
