using System.Text.RegularExpressions;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;

namespace Hypeman.Grains.Instances;

/// <summary>
/// The largest instance that anybody may ask for, whatever room there is. Larger limits let one caller take a whole
/// node; smaller ones refuse what would have fitted.
/// </summary>
public sealed partial class InstanceLimits
{
    private const long Mib = 1L << 20;
    private const long Gib = 1L << 30;

    /// <summary>Virtual CPUs of one instance; default 16.</summary>
    public int MaxVcpus { get; set; } = 16;

    /// <summary>Bytes of memory of one instance, hot-plugged memory included; default 32 GiB.</summary>
    public long MaxMemoryBytes { get; set; } = 32 * Gib;

    /// <summary>Bytes of the writable disk of one instance; default 100 GiB.</summary>
    public long MaxOverlayBytes { get; set; } = 100 * Gib;

    /// <summary>Whether the limits themselves make sense.</summary>
    public bool IsValid() => MaxVcpus > 0 && MaxMemoryBytes > 0 && MaxOverlayBytes > 0;

    /// <exception cref="HypemanException"><c>invalid_request</c>, naming the field and what would be right.</exception>
    public void Check(InstanceSpec spec)
    {
        Require(spec.Name.Length <= 63 && NamePattern().IsMatch(spec.Name),
            "name: must be 1 to 63 lower-case letters, digits and inner hyphens");
        Require(spec.Vcpus >= 1 && spec.Vcpus <= MaxVcpus, $"vcpus: must be between 1 and {MaxVcpus}");
        Require(spec.MemoryBytes >= 64 * Mib, "size: must be at least 64MB");
        Require(spec.HotplugBytes >= 0, "hotplug_size: must not be negative");
        // Subtracting cannot overflow where adding could.
        Require(spec.MemoryBytes <= MaxMemoryBytes && spec.HotplugBytes <= MaxMemoryBytes - spec.MemoryBytes,
            $"size: together with hotplug_size at most {MaxMemoryBytes / Gib}GB");
        Require(spec.OverlayBytes >= Mib && spec.OverlayBytes <= MaxOverlayBytes,
            $"overlay_size: must be at least 1MB and at most {MaxOverlayBytes / Gib}GB");
        Require(spec.DownloadBytesPerSecond >= 0, "network.bandwidth_download: must not be negative");
        Require(spec.UploadBytesPerSecond >= 0, "network.bandwidth_upload: must not be negative");
        Require(spec.DiskBytesPerSecond >= 0, "disk_io_bps: must not be negative");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw HypemanException.Invalid("invalid_request", message);
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    private static partial Regex NamePattern();
}
