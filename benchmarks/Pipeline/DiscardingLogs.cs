using Microsoft.Extensions.Logging;

namespace ResilientShop.Benchmarks.Pipeline;

/// <summary>A logger that takes everything it is given and keeps nothing: the cost of logging without that of writing.</summary>
internal sealed class DiscardingLogs : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // Kept by nobody.
    }

    public void Dispose()
    {
        // Holds nothing.
    }
}
