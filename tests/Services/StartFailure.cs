using Microsoft.Extensions.Logging;

namespace Services.Tests;

/// <summary>
/// Why a service did not start, as its host logs it. Who starts one through <c>WebApplicationFactory</c> is told that itself, unless the host was taken down before anybody waited for it.
/// </summary>
internal sealed class StartFailure : ILoggerProvider, ILogger
{
    private const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    private volatile Exception? _exception;

    /// <summary>What the start failed for; null where nothing is known of a failure.</summary>
    public Exception? Exception => _exception;

    public ILogger CreateLogger(string categoryName) => categoryName == Host ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _exception ??= exception;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
        // It is read after the host has gone.
    }
}
