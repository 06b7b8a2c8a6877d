using Hypeman.NodeRuntime.Guest;
using Hypeman.Tests.Testing.Guest;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>The guest that all VMs of these tests boot: our kernel and init, with busybox as its root. Made once.</summary>
internal static class TestGuest
{
    private static readonly Lazy<Task<string>> LazyRoot = new(MakeRootAsync);

    internal static Task<string> RootAsync() => LazyRoot.Value;

    internal static Task<GuestSystemFiles> FilesAsync(string cache) =>
        new GuestSystem(GuestAssets.Options(cache)).EnsureAsync(CancellationToken.None);

    private static async Task<string> MakeRootAsync()
    {
        var folder = Directory.CreateTempSubdirectory("hmt-root-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var image = Path.Combine(folder, "root.erofs");
        await BusyBoxRoot.MakeImageAsync(image, CancellationToken.None);
        return image;
    }
}
