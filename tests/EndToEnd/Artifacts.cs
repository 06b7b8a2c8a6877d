using System.Runtime.InteropServices;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Guest;

namespace Hypeman.Tests.EndToEnd;

/// <summary>What <c>./dev test</c> has built, found where it puts it unless the environment says otherwise.</summary>
internal static class Artifacts
{
    public static string Server { get; } = Find("HYPEMAN_SERVER", "src/Silo/bin/Release/net10.0/hypeman-silo");

    public static string Cli { get; } = Find("HYPEMAN_CLI", "src/Cli/bin/Release/net10.0/hypeman");

    public static string KernelDir { get; } = GuestAssets.KernelDirectory;

    public static string GuestBinary { get; } = GuestAssets.GuestBinary;

    /// <summary>A tar archive: the root of a small system with systemd, without a shell.</summary>
    public static string SystemdRoot { get; } = Find("HYPEMAN_SYSTEMD_ROOT", ".cache/systemd/root.tar");

    public static string ClientDir { get; } = RepositoryRoot.PathOf("tests/EndToEnd/client");

    /// <summary>Programs that inherit no environment must be told where .NET is.</summary>
    public static string DotnetRoot { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    private static string Find(string variable, string path) =>
        Environment.GetEnvironmentVariable(variable) ?? RepositoryRoot.PathOf(path);
}
