using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Saves a running VM whose stage is <see cref="VmStage.Saving"/>.
/// <code>
/// 1  sessions   those who talk to the agent are told, and its port comes to rest
/// 2  pause      processors halted, disks flushed; who ordered it may find now that it is not to be
/// 3  devices    by the hypervisor, through a descriptor it holds
/// 4  memory     by us, out of its process: all that was touched, or what differs from a base that is here already
/// 5  sync       to the disk; then the manifest, which makes it whole
/// </code>
/// The process is then still there, paused, and may go on, from step 4 on also with what was saved being kept.
/// </summary>
internal sealed class VmStandby(VmContext host, VmLayout layout, VmRecord record, VmRun run, VmSteps steps)
{
    /// <summary>The least that a disk of a host should do.</summary>
    internal const double BytesPerSecond = 20e6;

    private readonly VmMachine _machine = VmMachines.Of(record);
    private DateTimeOffset _savedAt;

    private TimeSpan Patience => TimeSpan.FromSeconds(_machine.MemoryBytes / BytesPerSecond);

    private IHypervisorControl Control =>
        run.Control ?? throw new NodeException(NodeErrorKind.Unavailable, "The hypervisor does not answer now.");

    /// <summary>All steps.</summary>
    internal async Task<SavedMemory> RunAsync(MemoryFolder folder, Func<CancellationToken, Task> check, CancellationToken cancellationToken)
    {
        await PauseAsync(cancellationToken);
        await check(cancellationToken);
        using var unsynced = await WriteAsync(folder, cancellationToken);
        return await SyncAsync(unsynced, cancellationToken);
    }

    /// <summary>Steps 1 and 2.</summary>
    internal async Task PauseAsync(CancellationToken cancellationToken)
    {
        var control = Control;
        await steps.RunAsync("sessions", _ => run.LeaveAgentAsync(Leaving()), cancellationToken);
        await steps.RunAsync("pause", control.PauseAsync, cancellationToken);
        _savedAt = host.Time.GetUtcNow();
    }

    /// <summary>Steps 3 and 4.</summary>
    internal async Task<UnsyncedMemory> WriteAsync(MemoryFolder folder, CancellationToken cancellationToken)
    {
        var origin = record.Generation is { } number ? layout.Generation(number).Read() : null;
        folder.Delete();
        Directory.CreateDirectory(folder.Directory, FileModes.PrivateFolder);

        // :: Step 3
        var devices = await steps.RunAsync("devices", async token =>
        {
            await Control.SaveDevicesAsync(token);
            return folder.KeepDevices(layout.StateFile);
        }, cancellationToken);

        // :: Step 4
        var baseId = Guid.NewGuid().ToString("N");
        var held = record.LastBase is { } last ? host.Memory.Hold(baseId, last.Id) : host.Memory.Hold(baseId);
        try
        {
            var writer = new MemoryWriter(host.Memory, folder, baseId, record.Uid);
            var written = await steps.RunAsync(
                "memory", token => Task.Run(() => Write(writer, origin, token), token), cancellationToken, Patience);
            return new UnsyncedMemory(folder, written, Describe(written, devices), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Step 5, which is not given up once it is begun.</summary>
    internal Task<SavedMemory> SyncAsync(UnsyncedMemory unsynced, CancellationToken cancellationToken) =>
        steps.RunAsync("sync", _ => Task.Run(unsynced.Sync, CancellationToken.None), cancellationToken, Patience);

    private MemoryManifest Describe(WrittenMemory written, FilePart devices) => new()
    {
        SavedAt = _savedAt,
        MemoryBytes = _machine.MemoryBytes,
        Base = written.Base,
        BaseBytes = written.BaseBytes,
        Changes = written.Changes,
        Devices = devices,
        Machine = run.Hypervisor.Signature(_machine),
    };

    private WrittenMemory Write(MemoryWriter writer, MemoryManifest? origin, CancellationToken cancellationToken)
    {
        var mapped = origin is null ? null : host.Memory.Get(origin.Base);
        using var memory = ProcessMemory.Open(run.Process.Identity, _machine.MemoryBytes, mapped?.PagesFile);
        var touched = memory.ReadPages();
        if (mapped is not null && StandbyPlan.IsDifferential(touched.Count * PageSet.PageBytes, origin!.BaseBytes))
            return writer.WriteChanges(memory, touched, new BaseName(origin.Base, origin.BaseBytes), cancellationToken);
        return WriteLikeLast(writer, memory, touched, mapped, cancellationToken)
            ?? writer.WriteBase(memory, touched, mapped, cancellationToken);
    }

    /// <summary>The kernel does not tell what has changed since the last snapshot, but the content does.</summary>
    private WrittenMemory? WriteLikeLast(
        MemoryWriter writer, ProcessMemory memory, PageSet touched, MemoryBase? mapped, CancellationToken cancellationToken)
    {
        if (record.LastBase is not { } last || host.Memory.Find(last.Id) is not { HasPages: true } there
            || new FileInfo(there.PagesFile).Length != memory.Bytes)
            return null;
        var changed = MemoryWriter.Compare(memory, touched, mapped, there, cancellationToken);
        return StandbyPlan.IsDifferential(changed.Count * PageSet.PageBytes, last.Bytes)
            ? writer.WriteChanges(memory, changed, last, cancellationToken)
            : null;
    }

    private static NodeException Leaving() =>
        new(NodeErrorKind.WrongPhase, "The session has ended, for the memory of the instance is being saved.");
}
