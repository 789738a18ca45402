using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.HostService.NewSaga;

/// <summary>The saga: forwards from top to bottom, and what undoes it from bottom to top. A change of its steps is a new version.</summary>
internal static class NewSagaDefinition
{
    public const string Name = "new-saga";

    public static SagaDefinition Define(IServiceProvider services) => SagaDefinition.Named(Name, version: 1)
        .Then(services.GetRequiredService<BookNewSaga>())      // book it     <- cancel the booking
        .Then(services.GetRequiredService<ConfirmNewSaga>());  // confirm it  <- withdraw the confirmation

    /// <summary>Registers it. Its partner, <see cref="INewSagaPartner"/>, must be registered too.</summary>
    public static IServiceCollection AddNewSaga(this IServiceCollection services) => services
        .AddSingleton<BookNewSaga>()
        .AddSingleton<ConfirmNewSaga>()
        .AddSaga(Define);
}

/// <summary>What the steps need to know; it is kept with the saga.</summary>
/// <param name="What">What it is about.</param>
internal sealed record NewSagaData(string What);
