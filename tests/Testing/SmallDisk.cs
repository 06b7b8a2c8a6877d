using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.Testing;

/// <summary>A file system of a size of one's own choice, so that it can be filled. Disposing it unmounts it.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly TemporaryFolder? _folder;

    private SmallDisk(string path, TemporaryFolder? folder) => (Path, _folder) = (path, folder);

    public string Path { get; }

    /// <param name="size">As mount takes it, for example <c>4m</c>.</param>
    public static async Task<SmallDisk> MountAsync(string size)
    {
        var folder = new TemporaryFolder();
        await MountAsync(folder.Path, size);
        return new SmallDisk(folder.Path, folder);
    }

    /// <summary>Over a directory that is there; what it held shows again after the disk's end.</summary>
    /// <inheritdoc cref="MountAsync(string)"/>
    public static async Task<SmallDisk> OverAsync(string directory, string size)
    {
        await MountAsync(directory, size);
        return new SmallDisk(directory, null);
    }

    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    public Task ResizeAsync(string size) => Command.RunAsync("mount", ["-o", $"remount,size={size}", Path], CancellationToken.None);

    /// <summary>Makes it so small that this much is left of it.</summary>
    public Task LeaveAsync(long bytes)
    {
        var drive = new DriveInfo(Path);
        return ResizeAsync((drive.TotalSize - drive.AvailableFreeSpace + bytes).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", [Path], CancellationToken.None);
        _folder?.Dispose();
    }

    private static Task<string> MountAsync(string directory, string size) =>
        Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={size},mode=0700", "hypeman-test", directory], CancellationToken.None);
}
