namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Registers this instance's definitions in the table once, before the first saga is started or driven: afterwards an own saga would be one of those that are under
/// way. Thread-safe.
/// </summary>
internal sealed class SagaRegistration(ISagaRecords records, SagaDefinitions definitions) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile bool _isDone;
    private SagaDefinitionException? _refused;

    /// <exception cref="SagaDefinitionException">A definition does not fit the sagas of its version that are under way.</exception>
    public async ValueTask EnsureAsync(CancellationToken cancellationToken)
    {
        if (_isDone)
        {
            return;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_refused is not null)
            {
                throw _refused;
            }

            if (!_isDone)
            {
                await records.RegisterAsync(definitions.All, cancellationToken);
                _isDone = true;
            }
        }
        catch (SagaDefinitionException exception)
        {
            _refused = exception;
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
