using System.IO.Compression;
using System.Xml.Linq;

namespace Template.Tests;

/// <summary>The library as packages: what is in them, and that somebody who has nothing else of ours can use them.</summary>
public sealed class LibraryPackageTests(TemplatePackage package) : IAsyncLifetime
{
    private static readonly string[] Names = ["Core", "Http", "Etcd", "Durable", "Testing"];

    private string _feed = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _feed = package.NewFolder();
        foreach (var name in Names)
        {
            var packed = await Command.RunAsync(TemplatePackage.Root, "dotnet", ["pack", $"Resilience/{name}", "-c", "Debug", "-o", _feed, "-v", "q"], Cancel);
            packed.ExitCode.ShouldBe(0, packed.Output);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = 300_000)]
    public async Task Each_has_its_page_its_icon_its_documentation_and_symbols_and_the_sample_of_a_stranger_runs()
    {
        foreach (var name in Names)
        {
            using var zip = ZipFile.OpenRead(Path.Combine(_feed, $"ResilientShop.Resilience.{name}.0.1.0.nupkg"));
            var entries = zip.Entries.Select(entry => entry.FullName).ToList();
            entries.ShouldContain("README.md");
            entries.ShouldContain("icon.png");
            entries.ShouldContain($"lib/net10.0/ResilientShop.Resilience.{name}.dll");
            entries.ShouldContain($"lib/net10.0/ResilientShop.Resilience.{name}.xml");
            using var spec = zip.GetEntry($"ResilientShop.Resilience.{name}.nuspec")!.Open();
            var metadata = (await XDocument.LoadAsync(spec, LoadOptions.None, TestContext.Current.CancellationToken)).Root!.Elements().Single().Elements().ToDictionary(element => element.Name.LocalName, element => element.Value);
            (metadata["license"], metadata["icon"], metadata["readme"]).ShouldBe(("MIT", "icon.png", "README.md"));
            metadata["description"].Length.ShouldBeGreaterThan(20);
            File.Exists(Path.Combine(_feed, $"ResilientShop.Resilience.{name}.0.1.0.snupkg")).ShouldBeTrue();
        }

        (await RunSampleAsync()).ShouldContain("answered OK after 3 attempts");
    }

    /// <summary>Packages of ours come from the folder, all others from where this machine has them; ours are kept nowhere else.</summary>
    private async Task<string> RunSampleAsync()
    {
        var folder = package.NewFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "Sample.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestoreAdditionalProjectSources>{_feed}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{folder}/packages</RestorePackagesPath>
                <RestoreFallbackFolders>$(NuGetPackageRoot);{Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', Names.Select(name => $"""<PackageReference Include="ResilientShop.Resilience.{name}" Version="0.1.0" />"""))}
              </ItemGroup>
            </Project>
            """, Cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), """
            using Microsoft.Extensions.DependencyInjection;
            using ResilientShop.Resilience.Http;

            // A dependency that is away for a moment.
            var asked = 0;
            var dependency = WebApplication.CreateSlimBuilder().Build();
            dependency.Urls.Add("http://127.0.0.1:0");
            dependency.MapGet("/stock", () => ++asked < 3 ? Results.StatusCode(503) : Results.Ok());
            await dependency.StartAsync();

            var services = new ServiceCollection();
            services.AddLogging();
            services.AddResilientHttpClient("stock", client => client.BaseAddress = new Uri(dependency.Urls.First()));
            using var provider = services.BuildServiceProvider();
            using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("stock");
            using var answer = await client.GetAsync("/stock");
            Console.WriteLine($"answered {answer.StatusCode} after {asked} attempts");
            """, Cancel);
        var run = await Command.RunAsync(folder, "dotnet", ["run"], Cancel);
        run.ExitCode.ShouldBe(0, run.Output);
        return run.Output;
    }
}
