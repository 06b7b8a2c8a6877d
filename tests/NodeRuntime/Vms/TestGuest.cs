using Hypeman.NodeRuntime.Guest;
using Hypeman.Tests.Testing.Guest;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>The guest that all VMs of these tests boot: our kernel and init, with busybox as its root. Made once.</summary>
internal static class TestGuest
{
    private static readonly string Folder = MakeFolder();
    private static readonly Lazy<Task<string>> LazyRoot = new(MakeRootAsync);
    private static readonly GuestSystem System = new(GuestAssets.Options(Path.Combine(Folder, "system")));

    internal static Task<string> RootAsync() => LazyRoot.Value;

    internal static Task<GuestSystemFiles> FilesAsync() => System.EnsureAsync(CancellationToken.None);

    private static string MakeFolder()
    {
        var folder = Directory.CreateTempSubdirectory("hmt-guest-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    private static async Task<string> MakeRootAsync()
    {
        var image = Path.Combine(Folder, "root.erofs");
        await BusyBoxRoot.MakeImageAsync(image, CancellationToken.None);
        return image;
    }
}
