using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>Copies of snapshots, from host to host: chunk by chunk, checked, and whole only when all of it is here.</summary>
/// <param name="host">This host.</param>
/// <param name="group">Of those bases that came from elsewhere: of no VM, so that those who map one need no other's.</param>
internal sealed class SnapshotTransfer(VmContext host, uint group)
{
    internal Task<SnapshotDescription> DescribeAsync(string id, CancellationToken cancellationToken) => Task.Run(() =>
    {
        var folder = Find(id);
        var manifest = folder.Read();
        var memory = manifest.Memory is null ? null : folder.Memory.Read();
        return new SnapshotDescription
        {
            Manifest = manifest,
            Files = VmFiles.Describe(PlacesOf(folder, memory), cancellationToken),
            Sleep = memory is null ? null : new VmSleep(memory.Base, memory.Machine, manifest.Spec.Boot),
        };
    }, cancellationToken);

    internal Task<ReadOnlyMemory<byte>> ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken) => Task.Run(() =>
    {
        var folder = Find(id);
        try
        {
            return VmFiles.ReadChunk(PlacesOf(folder, folder.Read().Memory is null ? null : folder.Memory.Read()), file, chunk);
        }
        catch (NodeException e) when (VmPlaces.IsOfBase(file) && e.Kind is NodeErrorKind.NotFound or NodeErrorKind.Invalid)
        {
            throw new NodeException(NodeErrorKind.Unavailable, $"The memory of snapshot {id} was compressed meanwhile; describe it again.", inner: e);
        }
    }, cancellationToken);

    internal async Task ReceiveAsync(SnapshotFolder folder, ISnapshotSource source, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder.Directory, FileModes.PrivateFolder);
        try
        {
            var description = await source.DescribeAsync(cancellationToken);
            using var held = description.Sleep?.HoldBase(host, VmMachines.Of(description.Manifest.Spec, mac: ""));
            await new VmReceipt(folder.Directory, VmPlaces.ForArrival(folder), source, host.Time, () => { })
                .FillAsync(host, description.Files, description.Sleep, cancellationToken);
            if (description.Sleep is { } memory && host.Memory.Find(memory.Base) is null)
                host.Memory.Adopt(folder.ArrivingBase, memory.Base, group);
            folder.Write(description.Manifest);
        }
        catch (IOException lost) when (!OverlayDisks.IsDiskFull(lost))
        {
            throw new NodeException(NodeErrorKind.Unavailable, $"{source.Name} cannot be reached: {lost.Message}", inner: lost);
        }
        catch (Exception full) when (OverlayDisks.IsDiskFull(full))
        {
            folder.Delete();
            throw OverlayDisks.Full(full);
        }
        catch (NodeException refused) when (refused.Kind != NodeErrorKind.Unavailable)
        {
            folder.Delete();
            throw;
        }
    }

    private VmPlaces PlacesOf(SnapshotFolder folder, MemoryManifest? memory) =>
        VmPlaces.Of(folder, memory is null ? null : host.Memory.Get(memory.Base));

    private SnapshotFolder Find(string id) => host.Layout.Snapshot(id) is { IsWhole: true } folder
        ? folder
        : throw new NodeException(NodeErrorKind.NotFound, $"This host has no snapshot {id}.");
}
