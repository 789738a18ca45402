using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.Checkout;

/// <summary>The way of an order: forwards from top to bottom, and what undoes it from bottom to top.</summary>
internal static class OrderSaga
{
    public const string Name = "order";

    public static SagaDefinition Define(IServiceProvider services) => SagaDefinition.Named(Name, version: 1)
        .Opens(services.GetRequiredService<AcceptOrder>())   // store the order    <- cancel it
        .Then(services.GetRequiredService<ReserveStock>())   // take its stock     <- put it back
        .Then(services.GetRequiredService<ChargePayment>())  // take the money     <- give it back
        .Closes(services.GetRequiredService<ConfirmOrder>()); // confirm            <- show that it is being cancelled

    public static IServiceCollection AddOrderSaga(this IServiceCollection services) => services
        .AddSingleton<AcceptOrder>()
        .AddSingleton<ReserveStock>()
        .AddSingleton<ChargeAnswer>()
        .AddSingleton<ChargePayment>()
        .AddSingleton<ConfirmOrder>()
        .AddSaga(Define);
}
