using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Resilience.Tests.Registration;

/// <summary>A host with nothing but what a test registers, and the lines it logs.</summary>
internal sealed class RegistrationWorld : IDisposable
{
    private readonly Lines _lines = new();
    private IHost? _host;

    public RegistrationWorld(string environment = "Production")
    {
        Builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = environment });
        Builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_lines);
    }

    public HostApplicationBuilder Builder { get; }

    public IServiceCollection Services => Builder.Services;

    public IReadOnlyList<(LogLevel Level, string Text)> Log => [.. _lines.Written];

    private IHost Host => _host ??= Builder.Build();

    public Task StartAsync() => Host.StartAsync(TestContext.Current.CancellationToken);

    public T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    /// <summary>The handlers of a client, outermost first.</summary>
    public IReadOnlyList<HttpMessageHandler> HandlersOf(string client)
    {
        var handlers = new List<HttpMessageHandler>();
        for (HttpMessageHandler? handler = Get<IHttpMessageHandlerFactory>().CreateHandler(client); handler is not null; handler = (handler as DelegatingHandler)?.InnerHandler)
        {
            handlers.Add(handler);
        }

        return handlers;
    }

    public void Dispose() => _host?.Dispose();

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
