using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// A guest's memory at rest, all but its base: a manifest, the pages that differ from the base, the state of the devices.
/// It stands for itself, so it can be copied or moved as it is.
/// </summary>
public sealed class MemoryFolder(string directory)
{
    /// <summary>Far more than any machine of ours has; a hypervisor that is not itself must not fill our memory.</summary>
    private const long MaxDeviceBytes = 64L << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public string Directory { get; } = directory;
    public string ManifestFile => Path.Combine(Directory, "manifest.json");

    /// <summary>See <see cref="Memory.ChangesFile"/>.</summary>
    public string ChangesFile => Path.Combine(Directory, "changes");

    public string DevicesFile => Path.Combine(Directory, "devices");

    /// <summary>Whether all of it is there.</summary>
    public bool IsWhole => File.Exists(ManifestFile);

    /// <exception cref="NodeException">Internal: it is missing, or damaged.</exception>
    public MemoryManifest Read()
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<MemoryManifest>(File.ReadAllBytes(ManifestFile), Json);
            return manifest is { Version: MemoryManifest.CurrentVersion }
                ? manifest
                : throw Damaged($"its manifest has version {manifest?.Version}, this program reads {MemoryManifest.CurrentVersion}");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw Damaged(e.Message, e);
        }
    }

    /// <summary>The last step: what it names must be on the disk by now.</summary>
    public void Write(MemoryManifest manifest)
    {
        AtomicFile.SyncDirectory(Directory);
        AtomicFile.Write(ManifestFile, JsonSerializer.SerializeToUtf8Bytes(manifest, Json));
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Directory)!);
    }

    /// <summary>Takes what a hypervisor has written of its devices.</summary>
    public FilePart KeepDevices(string source)
    {
        using var file = File.OpenHandle(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var length = RandomAccess.GetLength(file);
        if (length is 0 or > MaxDeviceBytes)
            throw Damaged($"the hypervisor wrote {length} bytes of device state");
        var state = new byte[length];
        if (RandomAccess.Read(file, state, 0) != length)
            throw Damaged("the hypervisor did not leave the state of its devices alone");
        AtomicFile.Write(DevicesFile, state);
        return new FilePart(state.Length, Digest(state));
    }

    /// <exception cref="NodeException">Internal: the devices' state is not what was written.</exception>
    public void CheckDevices(FilePart expected)
    {
        try
        {
            var info = new FileInfo(DevicesFile);
            if (info.Length != expected.Bytes || Digest(File.ReadAllBytes(DevicesFile)) != expected.Digest)
                throw Damaged("the state of its devices is another than was written");
        }
        catch (IOException e)
        {
            throw Damaged(e.Message, e);
        }
    }

    /// <summary>Looks at what can be seen at once; of the changed pages that is their number, until they are read.</summary>
    /// <exception cref="NodeException">Internal: not all of it is as it was written.</exception>
    public void Check(MemoryManifest manifest)
    {
        CheckDevices(manifest.Devices);
        var changes = new FileInfo(ChangesFile);
        if (manifest.Changes is { } expected && (!changes.Exists || changes.Length != expected.Bytes))
            throw Damaged("the file of changed pages is not as long as was written");
    }

    /// <summary>Copies all of it but the base, which both then need. When it returns, the copy is whole and survives a power loss.</summary>
    /// <exception cref="NodeException">Internal: it is missing, or damaged.</exception>
    public void CopyTo(MemoryFolder target, CancellationToken cancellationToken)
    {
        var manifest = Read();
        Check(manifest);
        target.Delete();
        System.IO.Directory.CreateDirectory(target.Directory, FileModes.PrivateFolder);
        if (manifest.Changes is not null)
            SparseFile.Copy(ChangesFile, target.ChangesFile, cancellationToken: cancellationToken);
        SparseFile.Copy(DevicesFile, target.DevicesFile, cancellationToken: cancellationToken);
        target.Write(manifest);
    }

    /// <summary>When it returns, no crash brings it back: its guest may go on.</summary>
    public void Delete()
    {
        if (!System.IO.Directory.Exists(Directory))
            return;
        File.Delete(ManifestFile);
        AtomicFile.SyncDirectory(Directory);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    internal static NodeException Damaged(string why, Exception? inner = null) =>
        new(NodeErrorKind.Internal, $"The saved memory cannot be used: {why}.", inner: inner);

    private static string Digest(byte[] content) => Convert.ToHexStringLower(XxHash128.Hash(content));
}
