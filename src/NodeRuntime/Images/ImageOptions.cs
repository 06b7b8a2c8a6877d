using System.ComponentModel.DataAnnotations;

namespace Hypeman.NodeRuntime.Images;

/// <summary>How this host pulls images and makes their roots.</summary>
public sealed class ImageOptions
{
    /// <summary>For example <c>linux/amd64</c>; empty takes that of this machine.</summary>
    public string Platform { get; set; } = "";

    /// <summary>Images pulled at the same time; all others wait in line. More keeps some that hang from holding up the rest.</summary>
    [Range(1, 64)] public int MaxConcurrentPulls { get; set; } = 3;

    /// <summary>Roots made at the same time; all others wait in line. More is faster on a large host with fast disks.</summary>
    [Range(1, 64)] public int MaxConcurrentConversions { get; set; } = 1;

    /// <summary>Layers fetched at the same time for one image.</summary>
    [Range(1, 32)] public int MaxParallelDownloads { get; set; } = 3;

    /// <summary>No image is pulled that would leave less than this on the disk. Default 5 GiB.</summary>
    [Range(0, long.MaxValue)] public long MinFreeBytes { get; set; } = 5L << 30;

    /// <summary>Of all layers of an image, expanded. What is larger is taken for an attack on the disk. Default 64 GiB.</summary>
    [Range(1, 1L << 43)] public long MaxExpandedBytes { get; set; } = 64L << 30;

    /// <summary>Expanded to compressed size of a layer, looked at above 1 GiB. Ordinary layers have 2 to 10. Default 200.</summary>
    [Range(1, 1_000_000)] public int MaxExpansionRatio { get; set; } = 200;

    /// <summary>Entries of all layers of an image; each takes about half a kilobyte of memory meanwhile. Default 2 million.</summary>
    [Range(1, 100_000_000)] public int MaxEntries { get; set; } = 2_000_000;

    /// <summary>Registries (<c>host</c> or <c>host:port</c>) that are spoken to without TLS. Loopback ones always are.</summary>
    public IList<string> InsecureRegistries { get; } = [];

    /// <summary>Logins for registries when a request brings none. Default <c>~/.docker/config.json</c>.</summary>
    public string DockerConfigFile { get; set; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker", "config.json");

    /// <summary>For one question to a registry, and for each silence in a download.</summary>
    public TimeSpan RegistryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>From the front of the line to the last blob. Then the pull is given up, also when a little comes now and then.</summary>
    public TimeSpan PullTimeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>From the front of the line to a ready root. Then the work is given up.</summary>
    public TimeSpan ConversionTimeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>A blob that no image needs is kept so long, for the pull or push that may still want it.</summary>
    public TimeSpan UnneededBlobAge { get; set; } = TimeSpan.FromHours(24);
}
