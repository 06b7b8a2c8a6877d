using System.Text.Json;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>
/// All that is kept of a VM as it was at one moment: its disk, and with its memory also what the guest has booted with and
/// reported since. It stands for itself, but for the base of its memory, which it shares.
/// </summary>
public sealed class SnapshotFolder(string directory)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public string Directory { get; } = directory;
    public string ManifestFile => Path.Combine(Directory, "manifest.json");
    public string OverlayDisk => Path.Combine(Directory, "overlay.ext4");

    /// <summary>Only with memory, like <see cref="EventsFile"/>.</summary>
    public string ConfigDisk => Path.Combine(Directory, "config.disk");

    public string EventsFile => Path.Combine(Directory, "events");
    public MemoryFolder Memory => new(Path.Combine(Directory, "memory"));

    /// <summary>The base of the memory while it comes from another host.</summary>
    public MemoryBase ArrivingBase => new("", Path.Combine(Directory, "base"));

    public bool IsWhole => File.Exists(ManifestFile);

    /// <summary>Its parts; without memory the disk alone.</summary>
    public SnapshotFiles FilesWith(bool memory) =>
        memory ? new(OverlayDisk) { Booted = (ConfigDisk, EventsFile), Memory = Memory } : new(OverlayDisk);

    /// <summary>On the disk of this host, without the base of its memory.</summary>
    public long UsedBytes => System.IO.Directory.Exists(Directory)
        ? System.IO.Directory.EnumerateFiles(Directory, "*", SearchOption.AllDirectories).Sum(OverlayDisks.UsedBytes)
        : 0;

    /// <summary>An empty folder; what an earlier try left is gone.</summary>
    public void Begin()
    {
        Delete();
        System.IO.Directory.CreateDirectory(Directory, FileModes.PrivateFolder);
    }

    /// <summary>When it returns, the snapshot is whole and survives a power loss, if its files do.</summary>
    public void Write(SnapshotManifest manifest)
    {
        AtomicFile.Write(ManifestFile, JsonSerializer.SerializeToUtf8Bytes(manifest, Json));
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Directory)!);
    }

    /// <exception cref="NodeException">Internal: it is missing, or damaged.</exception>
    public SnapshotManifest Read()
    {
        try
        {
            return JsonSerializer.Deserialize<SnapshotManifest>(File.ReadAllBytes(ManifestFile), Json)
                is { Version: SnapshotManifest.CurrentVersion } manifest
                    ? manifest
                    : throw Damaged("its manifest is of another version of this program");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw Damaged(e.Message, e);
        }
    }

    /// <exception cref="NodeException">Internal: a file of it is missing.</exception>
    public void Check(bool withMemory)
    {
        foreach (var file in withMemory ? (string[])[OverlayDisk, ConfigDisk, EventsFile] : [OverlayDisk])
        {
            if (!File.Exists(file))
                throw Damaged($"its file {Path.GetFileName(file)} is missing");
        }
    }

    /// <summary>From here on it is not whole, also after a crash.</summary>
    public void Delete()
    {
        if (!System.IO.Directory.Exists(Directory))
            return;
        File.Delete(ManifestFile);
        AtomicFile.SyncDirectory(Directory);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static NodeException Damaged(string why, Exception? inner = null) =>
        new(NodeErrorKind.Internal, $"The snapshot cannot be used: {why.TrimEnd('.')}.", inner: inner);
}
