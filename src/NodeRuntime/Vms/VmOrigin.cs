using Hypeman.NodeRuntime.Memory;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>The memory that a VM goes on from.</summary>
internal sealed record VmOrigin(MemoryFolder Folder, MemoryManifest Manifest, MemoryBase Base);
