using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Tests.Testing.Guest;

/// <summary>Where tests find the guest kernel and the guest binary; <c>./dev</c> fetches and publishes them.</summary>
public static class GuestAssets
{
    public static string KernelDirectory => Place("HYPEMAN_KERNEL_DIR", ".cache/kernel");

    public static string GuestBinary => Place("HYPEMAN_GUEST_BINARY", ".cache/guest/hypeman-guest");

    public static GuestSystemOptions Options(string cacheDirectory) => new()
    {
        KernelDirectory = KernelDirectory,
        GuestBinary = GuestBinary,
        CacheDirectory = cacheDirectory,
    };

    private static string Place(string variable, string fallback) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? path : RepositoryRoot.PathOf(fallback);
}
