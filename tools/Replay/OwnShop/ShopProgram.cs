using System.Diagnostics;
using System.Reflection;

namespace Replay.OwnShop;

/// <summary>The AppHost in its embedded mode: where it is, and how it is built.</summary>
internal static class ShopProgram
{
    private static readonly string Configuration =
        typeof(ShopProgram).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration ?? "Debug";

    /// <summary>The .NET host that runs this tool runs the shop too.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    /// <summary>Finds the program, in the solution that this tool was built in, and builds it if asked to.</summary>
    /// <returns>Path of the program.</returns>
    /// <exception cref="OwnShopException">There is none, or it does not build.</exception>
    public static async Task<string> FindAsync(bool build, CancellationToken cancellationToken)
    {
        var root = FindRoot(AppContext.BaseDirectory)
            ?? throw new OwnShopException($"--start-shop: there is no AppHost/AppHost.csproj above {AppContext.BaseDirectory}; build the tool in the solution whose shop it is to start");
        if (build)
        {
            await BuildAsync(root, cancellationToken);
        }

        var program = Path.Combine(root, "AppHost", "bin", "embedded", Configuration, "net10.0", "ResilientShop.AppHost.dll");
        return File.Exists(program)
            ? program
            : throw new OwnShopException($"--no-build: {program} is not there; leave --no-build out");
    }

    private static string? FindRoot(string folder)
    {
        for (var parent = new DirectoryInfo(folder); parent is not null; parent = parent.Parent)
        {
            if (File.Exists(Path.Combine(parent.FullName, "AppHost", "AppHost.csproj")))
            {
                return parent.FullName;
            }
        }

        return null;
    }

    private static async Task BuildAsync(string root, CancellationToken cancellationToken)
    {
        // Build servers would be left running.
        using var building = Process.Start(new ProcessStartInfo(Dotnet, ["build", Path.Combine(root, "AppHost"), "-c", Configuration, "-p:Orchestrator=embedded", "--nologo", "-v", "q", "--disable-build-servers"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = root,
        })!;
        var output = building.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = building.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await building.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            building.Kill(entireProcessTree: true);
            throw;
        }

        if (building.ExitCode != 0)
        {
            throw new OwnShopException($"--start-shop: the shop does not build:\n{(await output).Trim()}\n{(await error).Trim()}".TrimEnd());
        }
    }
}
