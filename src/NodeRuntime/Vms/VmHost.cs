using System.Collections.Concurrent;
using System.Net;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms.Transfer;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>The supervisors of this host's VMs by id, and what can be asked of a VM without its supervisor.</summary>
internal sealed class VmHost(VmContext host) : IVmHost, IAsyncDisposable
{
    /// <summary>For the captures before, of which a guest takes several in a second.</summary>
    private static readonly TimeSpan CapturePatience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Lazy<VmSupervisor>> _supervisors = new();
    private readonly SessionCounter _sessions = new(host.Time);

    /// <summary>Takes up every VM that has a ledger. One that cannot be taken up is left alone, and said.</summary>
    internal async Task AdoptAllAsync()
    {
        await Task.WhenAll(host.Layout.ListVms().Where(id => File.Exists(host.Layout.Vm(id).LedgerFile)).Select(AdoptAsync));
        await ForgetDeletedAsync();
    }

    public Task<VmStatus> StartAsync(VmSpec spec, CancellationToken cancellationToken) =>
        HaveAsync(spec, supervisor => supervisor.StartAsync(spec, cancellationToken));

    public async Task<VmStatus> StopAsync(string id, long epoch, TimeSpan grace, CancellationToken cancellationToken) =>
        await (Supervisor(id)?.StopAsync(epoch, grace, cancellationToken) ?? throw NotHere(id));

    public async Task<VmStatus> StandbyAsync(string id, long epoch, Func<VmActivity, bool>? isUsed, CancellationToken cancellationToken) =>
        await (Supervisor(id)?.StandbyAsync(
            epoch, token => isUsed is null ? Task.CompletedTask : RefuseUsedAsync(id, isUsed, token), cancellationToken) ?? throw NotHere(id));

    public async Task<VmStatus> RestoreAsync(string id, long epoch, CancellationToken cancellationToken) =>
        await (Supervisor(id)?.RestoreAsync(epoch, cancellationToken) ?? throw NotHere(id));

    public async Task CompressAsync(string id, long epoch, CompressionSpec spec, CancellationToken cancellationToken) =>
        await (Supervisor(id)?.CompressAsync(epoch, spec, cancellationToken) ?? throw NotHere(id));

    public Task<VmStatus> ForkAsync(VmSpec spec, ForkSource source, bool withMemory, CancellationToken cancellationToken)
    {
        if (source.VmId == spec.Id)
            throw new NodeException(NodeErrorKind.Invalid, $"The VM {spec.Id} cannot be a copy of itself.");
        return HaveAsync(spec, supervisor => supervisor.ForkAsync(
            spec, (folder, token) => FillAsync(folder, source, withMemory, token), withMemory, cancellationToken));
    }

    public async Task<VmStatus> RevertAsync(VmSpec spec, string snapshotId, bool withMemory, CancellationToken cancellationToken)
    {
        VmSpecRules.Check(spec);
        var source = ForkSource.Snapshot(snapshotId);
        return await (Supervisor(spec.Id)?.RevertAsync(
            spec, (folder, token) => FillAsync(folder, source, withMemory, token), cancellationToken) ?? throw NotHere(spec.Id));
    }

    /// <summary>
    /// Fills a folder with what a VM is now. One that boots, or stands still for another capture, is waited for: each of many
    /// has its turn.
    /// </summary>
    internal async Task CaptureAsync(string id, long epoch, SnapshotFolder into, bool withMemory, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(CapturePatience, host.Time);
        while (await (Supervisor(id)?.CaptureAsync(epoch, into, withMemory, cancellationToken) ?? throw NotHere(id)) is null)
        {
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
                await host.Board.WatchAsync(either.Token)
                    .AnyAsync(status => status.Id == id && !VmPhases.IsPassing(status.Phase), either.Token);
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new NodeException(NodeErrorKind.Unavailable, $"The VM {id} is still {Find(id)?.Phase}; try again shortly.");
            }
        }
    }

    public async Task DeleteAsync(string id, long epoch, CancellationToken cancellationToken)
    {
        if (Supervisor(id) is not { } supervisor)
            return;
        if (supervisor.DeleteAsync(epoch, cancellationToken) is { } deleted)
            await deleted;
        await ForgetAsync(id, supervisor);
    }

    public async Task<VmManifest> HandOverAsync(string id, long epoch, CancellationToken cancellationToken)
    {
        var (status, sleep, places) = await (Supervisor(id)?.HandOverAsync(epoch, cancellationToken) ?? throw NotHere(id));
        var files = await Task.Run(() => VmFiles.Describe(places, cancellationToken), cancellationToken);
        return new VmManifest { Status = status, Files = files, Sleep = sleep };
    }

    public Task<ReadOnlyMemory<byte>> ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken)
    {
        var status = Find(id) ?? throw NotHere(id);
        return status.Phase is VmPhase.Stopped or VmPhase.Standby && Supervisor(id) is { } supervisor
            ? Task.Run(() => VmFiles.ReadChunk(supervisor.Places, file, chunk), cancellationToken)
            : throw WrongPhase(status, VmPhase.Stopped);
    }

    public Task<VmStatus> ReceiveAsync(VmSpec spec, IVmSource source, Action heard, CancellationToken cancellationToken) =>
        HaveAsync(spec, supervisor => supervisor.ReceiveAsync(spec, source, heard, cancellationToken));

    public VmStatus? Find(string id) => host.Board.Find(id);

    public IReadOnlyList<VmStatus> List() => host.Board.List();

    public async Task<VmUsage> ReadUsageAsync(string id, CancellationToken cancellationToken)
    {
        var supervisor = Supervisor(id) ?? throw NotHere(id);
        if (supervisor.Process is not { } process || ProcessUsage.Of(process) is not { } usage)
            return VmUsage.None;
        var network = await host.Network.ReadCountersAsync(id).WaitAsync(cancellationToken);
        return new VmUsage(usage.CpuTime, usage.ResidentBytes, usage.VirtualBytes, network ?? default);
    }

    public async Task<IReadOnlyDictionary<string, VmActivity>> ReadActivityAsync(CancellationToken cancellationToken)
    {
        var flows = await host.Network.ListFlowsAsync(host.Time.GetUtcNow()).WaitAsync(cancellationToken);
        return _supervisors.Keys.Where(id => Supervisor(id)?.Process is not null).ToDictionary(id => id, id => ActivityOf(id, flows));
    }

    public void KeepActivity(string id, DateTimeOffset at)
    {
        var file = host.Layout.Vm(id).ActivityFile;
        try
        {
            using (File.Open(file, FileMode.OpenOrCreate))
            {
                // It is there now.
            }
            File.SetLastWriteTimeUtc(file, at.UtcDateTime);
        }
        catch (IOException e)
        {
            // Its VM has gone, or the disk is full: it counts as unused for longer, should this process end now.
            host.Log.LogDebug(e, "When VM {Vm} was last used cannot be kept", id);
        }
    }

    public IAsyncEnumerable<VmStatus> WatchAsync(CancellationToken cancellationToken) => host.Board.WatchAsync(cancellationToken);

    public Task<IGuestSession> OpenGuestAsync(string id, GuestRequest request, bool keepsAwake, CancellationToken cancellationToken)
    {
        var guest = Guest(id);
        return keepsAwake
            ? _sessions.CountAsync(id, () => guest.OpenAsync(request, cancellationToken))
            : guest.OpenAsync(request, cancellationToken);
    }

    public Task<StatReply> StatAsync(string id, StatRequest request, CancellationToken cancellationToken) =>
        Guest(id).CallAsync<StatReply>(request, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<string>> ReadLogAsync(
        string id, VmLog log, int tail, bool follow, CancellationToken cancellationToken)
    {
        if (Find(id) is null)
            throw NotHere(id);
        var layout = host.Layout.Vm(id);
        return LogFile.ReadAsync(log switch
        {
            VmLog.Console => layout.ConsoleLog,
            VmLog.Vmm => layout.VmmLog,
            VmLog.Operations => layout.OperationsLog,
        }, tail, follow, cancellationToken);
    }

    public void AppendLog(string id, string line) => Supervisor(id)?.Trail.Append(line);

    public ValueTask<Stream> ConnectAsync(string id, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        var status = Find(id) ?? throw NotHere(id);
        if (status.Phase is not (VmPhase.Running or VmPhase.Booting))
            throw WrongPhase(status);
        return status.Ip is { } ip
            ? host.Network.ConnectAsync(IPAddress.Parse(ip), port, keepsAwake, cancellationToken)
            : throw new NodeException(NodeErrorKind.NotSupported, $"The VM {id} has no network.");
    }

    /// <summary>Asks every hypervisor how it does.</summary>
    internal void ProbeAll()
    {
        foreach (var id in _supervisors.Keys)
            Supervisor(id)?.Probe();
    }

    /// <summary>Whether this id is one of ours, be it only just.</summary>
    internal bool Knows(string id) => _supervisors.ContainsKey(id);

    internal IEnumerable<string> Ids => _supervisors.Keys;

    /// <summary>Lets go of all VMs; they run on.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_supervisors.Keys.Select(id => Supervisor(id)?.DisposeAsync().AsTask() ?? Task.CompletedTask));
        _supervisors.Clear();
    }

    /// <summary>Gives an order that makes the VM when it is not here.</summary>
    private async Task<VmStatus> HaveAsync(VmSpec spec, Func<VmSupervisor, Task<VmStatus>?> order)
    {
        VmSpecRules.Check(spec);
        while (true)
        {
            var supervisor = _supervisors.GetOrAdd(spec.Id, id => new(() => new VmSupervisor(id, host))).Value;
            if (order(supervisor) is { } done)
                return await done;
            // It was being deleted. It goes, and a new one takes its place.
            await ForgetAsync(spec.Id, supervisor);
        }
    }

    private Task FillAsync(SnapshotFolder folder, ForkSource source, bool withMemory, CancellationToken cancellationToken) =>
        source.SnapshotId is { } snapshot
            ? host.Snapshots.CopyAsync(snapshot, folder, withMemory, cancellationToken)
            : CaptureAsync(source.VmId!, source.Epoch, folder, withMemory, cancellationToken);

    private async Task RefuseUsedAsync(string id, Func<VmActivity, bool> isUsed, CancellationToken cancellationToken)
    {
        var flows = await host.Network.ListFlowsAsync(host.Time.GetUtcNow()).WaitAsync(cancellationToken);
        if (isUsed(ActivityOf(id, flows)))
            throw new NodeException(NodeErrorKind.Busy, $"The VM {id} is used.");
    }

    private VmActivity ActivityOf(string id, ILookup<IPAddress, VmFlow> flows)
    {
        var (open, lastAt) = _sessions.Find(id);
        var kept = new FileInfo(host.Layout.Vm(id).ActivityFile);
        return new VmActivity(
            Find(id)?.Ip is { } ip ? [.. flows[IPAddress.Parse(ip)]] : [], open, lastAt, kept.Exists ? kept.LastWriteTimeUtc : null);
    }

    private async Task AdoptAsync(string id)
    {
        try
        {
            await _supervisors.GetOrAdd(id, _ => new(() => new VmSupervisor(id, host))).Value.AdoptAsync();
        }
        catch (NodeException e)
        {
            host.Log.LogError(e, "VM {Vm} cannot be taken up and is left as it is", id);
        }
    }

    private Task ForgetDeletedAsync() => Task.WhenAll(_supervisors.Keys.Select(id =>
        Supervisor(id) is { IsDeleted: true } gone ? ForgetAsync(id, gone) : Task.CompletedTask));

    private async Task ForgetAsync(string id, VmSupervisor supervisor)
    {
        // Only the one that was deleted: another may have taken its place already.
        if (_supervisors.TryGetValue(id, out var present) && present.Value == supervisor)
            _supervisors.TryRemove(KeyValuePair.Create(id, present));
        _sessions.Forget(id);
        await supervisor.DisposeAsync();
    }

    private VmSupervisor? Supervisor(string id)
    {
        if (!_supervisors.TryGetValue(id, out var supervisor))
            return null;
        try
        {
            return supervisor.Value;
        }
        catch (NodeException)
        {
            // Another process runs it.
            return null;
        }
    }

    private GuestLink Guest(string id)
    {
        var status = Find(id) ?? throw NotHere(id);
        return status.Phase == VmPhase.Running
            ? Supervisor(id)?.Guest ?? throw new NodeException(
                NodeErrorKind.NotSupported, $"The VM {id} was started without a guest agent.")
            : throw WrongPhase(status);
    }

    private static NodeException WrongPhase(VmStatus status, VmPhase needed = VmPhase.Running) =>
        new(NodeErrorKind.WrongPhase, $"The VM {status.Id} is {status.Phase}; it must be {needed}.");

    private static NodeException NotHere(string id) => new(NodeErrorKind.NotFound, $"This host has no VM {id}.");
}
