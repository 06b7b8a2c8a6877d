using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>A memory that is in its files, though perhaps not on the disk yet, and so is not whole. The guest need not wait.</summary>
/// <param name="held">Keeps its base until a manifest does.</param>
internal sealed class UnsyncedMemory(MemoryFolder folder, WrittenMemory written, MemoryManifest manifest, IDisposable held) : IDisposable
{
    internal BaseName Base => new(manifest.Base, manifest.BaseBytes);

    /// <summary>When it returns, the memory is whole, and survives a power loss.</summary>
    internal SavedMemory Sync()
    {
        written.Sync();
        folder.Write(manifest);
        return new SavedMemory(
            manifest.SavedAt, written.WrittenBytes + manifest.Devices.Bytes, written.BaseBytes, written.Changes?.Bytes ?? 0, manifest.Devices.Bytes);
    }

    public void Dispose()
    {
        written.Dispose();
        held.Dispose();
    }
}
