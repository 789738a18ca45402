using ResilientShop.NewService.Status;
using ResilientShop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

// Telemetry, health, discovery, deadlines, policies that change while it runs.
builder.AddServiceDefaults();

// A client of another service of the shop runs under its tiers: builder.Services.AddResilientHttpClient("inventory", client => client.BaseAddress = new Uri("https+http://inventory"));
// Name it in the topology of config/resilience.yaml, and give the service its address in AppHost/Parts/NewServicePart.cs.
var app = builder.Build();
app.MapDefaultEndpoints();
app.MapStatus();
app.Run();
