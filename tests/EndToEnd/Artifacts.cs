using System.Runtime.InteropServices;

namespace Hypeman.Tests.EndToEnd;

/// <summary>What <c>./dev test</c> has built, found where it puts it unless the environment says otherwise.</summary>
internal static class Artifacts
{
    private static readonly string Root = FindRoot();

    public static string Server { get; } = Find("HYPEMAN_SERVER", "src/Silo/bin/Release/net10.0/hypeman-silo");

    public static string Cli { get; } = Find("HYPEMAN_CLI", "src/Cli/bin/Release/net10.0/hypeman");

    public static string KernelDir { get; } = Find("HYPEMAN_KERNEL_DIR", ".cache/kernel");

    public static string GuestBinary { get; } = Find("HYPEMAN_GUEST_BINARY", ".cache/guest/hypeman-guest");

    public static string ClientDir { get; } = Path.Combine(Root, "tests/EndToEnd/client");

    /// <summary>Programs that inherit no environment must be told where .NET is.</summary>
    public static string DotnetRoot { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    private static string Find(string variable, string path) =>
        Environment.GetEnvironmentVariable(variable) ?? Path.Combine(Root, path);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Hypeman.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Hypeman.sln is in no parent folder.");
        return folder;
    }
}
