using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Tests.Grains.Clusters;

/// <summary>Things that tests need and do not care about.</summary>
internal static class Some
{
    public const string ImageName = "docker.io/library/web:latest";
    public static readonly string Digest = "sha256:" + new string('a', 64);
    public static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static int _names;

    public static string Name() => $"web-{Interlocked.Increment(ref _names)}";

    public static InstanceSpec Spec(string? name = null) => new()
    {
        Name = name ?? Name(),
        Image = "web",
        MemoryBytes = 512L << 20,
        OverlayBytes = 1L << 30,
        Vcpus = 1,
    };

    public static ImageInfo Image() => new()
    {
        Name = ImageName,
        Digest = Digest,
        Platform = "linux/amd64",
        Status = ImageStatus.Ready,
        Entrypoint = ["/bin/app"],
        CreatedAt = Time,
    };

    public static RevertOrder Revert() => new()
    {
        SnapshotId = "snap",
        WithMemory = true,
        Target = InstancePhase.Running,
        Hypervisor = "qemu",
    };

    public static InstanceOrder Order(string? name = null) => new() { Spec = Spec(name), Image = Image(), Home = "node-0" };
}
