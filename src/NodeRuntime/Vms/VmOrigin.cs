using Hypeman.NodeRuntime.Memory;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>The memory that a VM goes on from.</summary>
/// <param name="Pages">Of the base; for whoever starts the process.</param>
/// <param name="Held">Keeps the base as it is, for as long as it is mapped.</param>
internal sealed record VmOrigin(MemoryFolder Folder, MemoryManifest Manifest, MemoryBase Base, MemoryPages Pages, IDisposable Held);
