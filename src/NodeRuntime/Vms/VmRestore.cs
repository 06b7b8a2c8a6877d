using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Brings a VM whose stage is <see cref="VmStage.Restoring"/> to where its processors need only be told to run.
/// <code>
/// 1  network, open, spawn, control   as at a start; memory is the base, mapped, of which nothing is read yet
/// 2  changes                         pages that differ from the base are written into its memory, by us
/// 3  incoming                        the hypervisor takes the state of the devices, which look at rings in the memory
/// </code>
/// </summary>
internal sealed class VmRestore(VmContext host, VmLayout layout, VmRecord record, VmSteps steps)
{
    /// <param name="spawned">Puts the process into the ledger.</param>
    internal async Task<VmRun> RunAsync(Action<ProcessIdentity> spawned, CancellationToken cancellationToken)
    {
        var origin = Find();
        var start = new VmStart(host, layout, record, steps, origin);

        // :: Step 1
        var run = await start.RunAsync(spawned, cancellationToken);
        try
        {
            // :: Step 2
            var patience = TimeSpan.FromSeconds((origin.Manifest.Changes?.Bytes ?? 0) / VmStandby.BytesPerSecond);
            await steps.RunAsync("changes", token => Task.Run(() => Apply(run, origin, token), token), cancellationToken, patience);

            // :: Step 3
            await steps.RunAsync("incoming", token => LoadDevicesAsync(run, start, token), cancellationToken);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="NodeException">Internal: some of it is missing or damaged. NotSupported: it does not fit this host.</exception>
    private VmOrigin Find()
    {
        var folder = layout.Generation(record.Generation!.Value);
        var manifest = folder.Read();
        var (hypervisor, machine) = (host.Hypervisors.First(one => one.Name == record.Hypervisor), VmMachines.Of(record));
        if (!hypervisor.Capabilities.Snapshots)
            throw new NodeException(NodeErrorKind.NotSupported, $"{hypervisor.Name} cannot restore memory on this host.");
        if (manifest.Machine.WhyNotOn(hypervisor.Signature(machine)) is { } why)
            throw new NodeException(NodeErrorKind.NotSupported, $"The saved memory does not fit this host: {why}.");
        folder.CheckDevices(manifest.Devices);
        var mapped = host.Memory.Get(manifest.Base);
        if (new FileInfo(mapped.PagesFile).Length != manifest.MemoryBytes || manifest.MemoryBytes != machine.MemoryBytes)
            throw MemoryFolder.Damaged("its base has another size than its machine");
        foreach (var disk in (string[])[layout.OverlayDisk, layout.ConfigDisk])
        {
            if (!File.Exists(disk))
                throw MemoryFolder.Damaged($"the disk {Path.GetFileName(disk)} of its machine is missing");
        }
        return new VmOrigin(folder, manifest, mapped);
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
