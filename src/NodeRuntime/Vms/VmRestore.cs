using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Brings a VM whose stage is <see cref="VmStage.Restoring"/> to where its processors need only be told to run.
/// <code>
/// 1  network, open, spawn, control   as at a start; memory is the base, mapped, of which nothing is read yet
/// 2  pages, changes                  a packed base is unpacked by now; what differs from it is written into its memory, by us
/// 3  incoming                        the hypervisor takes the state of the devices, which look at rings in the memory
/// </code>
/// </summary>
internal sealed class VmRestore(VmContext host, VmLayout layout, VmRecord record, VmSteps steps)
{
    /// <param name="spawned">Puts the process into the ledger.</param>
    internal async Task<VmRun> RunAsync(Action<ProcessIdentity> spawned, CancellationToken cancellationToken)
    {
        var (folder, manifest) = Find();
        var held = host.Memory.Hold(manifest.Base);
        VmRun? run = null;
        try
        {
            var found = host.Memory.Get(manifest.Base);
            using var pages = host.Memory.Open(found, manifest.MemoryBytes);
            Check(manifest, pages);
            var origin = new VmOrigin(folder, manifest, found, pages, held);

            // :: Step 1
            var start = new VmStart(host, layout, record, steps, origin);
            run = await start.RunAsync(spawned, cancellationToken);

            // :: Step 2
            var patience = TimeSpan.FromSeconds(manifest.MemoryBytes / VmStandby.BytesPerSecond);
            await steps.RunAsync("pages", token => pages.Ready.WaitAsync(token), cancellationToken, patience);
            await steps.RunAsync("changes", token => Task.Run(() => Apply(run, origin, token), token), cancellationToken, patience);

            // :: Step 3
            await steps.RunAsync("incoming", token => LoadDevicesAsync(run, start, token), cancellationToken);
            return run;
        }
        catch
        {
            if (run is not null)
                await run.DisposeAsync();
            else
                held.Dispose();
            throw;
        }
    }

    /// <exception cref="NodeException">Internal: some of it is missing or damaged. NotSupported: it does not fit this host.</exception>
    private (MemoryFolder Folder, MemoryManifest Manifest) Find()
    {
        var folder = layout.Generation(record.Generation!.Value);
        var manifest = folder.Read();
        var (hypervisor, machine) = (host.Hypervisors.First(one => one.Name == record.Hypervisor), VmMachines.Of(record));
        if (!hypervisor.Capabilities.Snapshots)
            throw new NodeException(NodeErrorKind.NotSupported, $"{hypervisor.Name} cannot restore memory on this host.");
        if (manifest.Machine.WhyNotOn(hypervisor.Signature(machine)) is { } why)
            throw new NodeException(NodeErrorKind.NotSupported, $"The saved memory does not fit this host: {why}.");
        folder.Check(manifest);
        foreach (var disk in (string[])[layout.OverlayDisk, layout.ConfigDisk])
        {
            if (!File.Exists(disk))
                throw MemoryFolder.Damaged($"the disk {Path.GetFileName(disk)} of its machine is missing");
        }
        return (folder, manifest);
    }

    private void Check(MemoryManifest manifest, MemoryPages pages)
    {
        if (pages.Bytes != manifest.MemoryBytes || manifest.MemoryBytes != VmMachines.Of(record).MemoryBytes)
            throw MemoryFolder.Damaged("its base has another size than its machine");
    }

    private static async Task LoadDevicesAsync(VmRun run, VmStart start, CancellationToken cancellationToken)
    {
        try
        {
            await run.Control!.LoadDevicesAsync(cancellationToken);
        }
        catch (NodeException e) when (e.Kind == NodeErrorKind.Unavailable)
        {
            // It ends when it cannot make sense of what it is given.
            await run.Process.Exited.WaitAsync(cancellationToken);
            throw start.Died();
        }
    }

    private static void Apply(VmRun run, VmOrigin origin, CancellationToken cancellationToken)
    {
        if (origin.Manifest.Changes is not { } changes)
            return;
        try
        {
            using var memory = ProcessMemory.Open(
                run.Process.Identity, origin.Manifest.MemoryBytes, origin.Base.PagesFile);
            using var file = File.OpenHandle(origin.Folder.ChangesFile, FileMode.Open, FileAccess.Read, FileShare.Read);
            ChangesFile.Apply(file, changes, memory, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw MemoryFolder.Damaged(e.Message.TrimEnd('.'), e);
        }
    }
}
