using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Saves a running VM whose stage is <see cref="VmStage.Saving"/>.
/// <code>
/// 1  sessions   those who talk to the agent are told, and its port comes to rest
/// 2  pause      processors halted, disks flushed
/// 3  devices    by the hypervisor, through a descriptor it holds
/// 4  memory     by us, out of its process: all that was touched, or what differs from the base it was restored from
/// 5  sync       to the disk; then the manifest, which makes it whole
/// </code>
/// The process is then still there, paused, and may go on if the rest comes to nothing.
/// </summary>
internal sealed class VmStandby(VmContext host, VmLayout layout, VmRecord record, VmRun run, VmSteps steps)
{
    /// <summary>The least that a disk of a host should do.</summary>
    internal const double BytesPerSecond = 20e6;

    /// <param name="generation">The number to save it under.</param>
    internal async Task<SavedMemory> RunAsync(int generation, CancellationToken cancellationToken)
    {
        var (folder, machine) = (layout.Generation(generation), VmMachines.Of(record));
        var control = run.Control ?? throw new NodeException(NodeErrorKind.Unavailable, "The hypervisor does not answer now.");
        var origin = record.Generation is { } number ? layout.Generation(number).Read() : null;
        var baseId = Guid.NewGuid().ToString("N");
        using var held = host.Memory.Hold(baseId);
        folder.Delete();
        Directory.CreateDirectory(folder.Directory, FileModes.PrivateFolder);
        var patience = TimeSpan.FromSeconds(machine.MemoryBytes / BytesPerSecond);

        // :: Steps 1, 2
        await steps.RunAsync("sessions", _ => run.LeaveAgentAsync(Leaving()), cancellationToken);
        await steps.RunAsync("pause", control.PauseAsync, cancellationToken);
        var savedAt = host.Time.GetUtcNow();

        // :: Step 3
        var devices = await steps.RunAsync("devices", async token =>
        {
            await control.SaveDevicesAsync(token);
            return folder.KeepDevices(layout.StateFile);
        }, cancellationToken);

        // :: Step 4
        var writer = new MemoryWriter(host.Memory, folder, baseId, record.Uid);
        using var written = await steps.RunAsync(
            "memory", token => Task.Run(() => Write(writer, machine.MemoryBytes, origin, token), token), cancellationToken, patience);

        // :: Step 5
        await steps.RunAsync("sync", _ => Task.Run(() =>
        {
            written.Sync();
            folder.Write(new MemoryManifest
            {
                SavedAt = savedAt,
                MemoryBytes = machine.MemoryBytes,
                Base = written.Base,
                BaseBytes = written.BaseBytes,
                Changes = written.Changes,
                Devices = devices,
                Machine = run.Hypervisor.Signature(machine),
            });
        }, CancellationToken.None), cancellationToken, patience);
        return new SavedMemory(
            savedAt, written.WrittenBytes + devices.Bytes, written.BaseBytes, written.Changes?.Bytes ?? 0, devices.Bytes);
    }

    private WrittenMemory Write(MemoryWriter writer, long bytes, MemoryManifest? origin, CancellationToken cancellationToken)
    {
        var mapped = origin is null ? null : host.Memory.Get(origin.Base);
        using var memory = ProcessMemory.Open(run.Process.Identity, bytes, mapped?.PagesFile);
        var touched = memory.ReadPages();
        return mapped is not null && StandbyPlan.IsDifferential(touched.Count * PageSet.PageBytes, origin!.BaseBytes)
            ? writer.WriteChanges(memory, touched, origin, cancellationToken)
            : writer.WriteBase(memory, touched, mapped, cancellationToken);
    }

    private static NodeException Leaving() =>
        new(NodeErrorKind.WrongPhase, "The session has ended, for the instance goes to standby.");
}
