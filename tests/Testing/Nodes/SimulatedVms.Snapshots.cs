using System.Collections.Concurrent;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>Snapshots and copies. What a simulated guest has in its memory is nothing but that it has one.</summary>
public sealed partial class SimulatedVms : ISnapshotHost
{
    private readonly ConcurrentDictionary<string, Taken> _snapshots = new();
    private readonly ConcurrentDictionary<string, long> _reverted = new();

    public async Task<VmStatus> ForkAsync(VmSpec spec, ForkSource source, bool withMemory, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(spec.Id, cancellationToken);
        RefuseIfFenced(spec.Id, spec.Epoch);
        await faults.PassAsync(NodeStep.ForkBegins, cancellationToken);
        if (Find(spec.Id) is { Phase: not VmPhase.Arriving } present)
            return present;
        if (withMemory && spec is { SkipGuestAgent: true, NetworkEnabled: true })
            throw new NodeException(NodeErrorKind.NotSupported, "a copy with memory needs a guest agent");
        var taken = await CopyAsync(source, withMemory, cancellationToken);
        Become(spec, taken, withMemory, $"10.100.0.{Interlocked.Increment(ref _addresses)}");
        await faults.PassAsync(NodeStep.ForkDone, cancellationToken);
        return Find(spec.Id)!;
    }

    public async Task<VmStatus> RevertAsync(VmSpec spec, string snapshotId, bool withMemory, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(spec.Id, cancellationToken);
        RefuseIfFenced(spec.Id, spec.Epoch);
        await faults.PassAsync(NodeStep.RevertBegins, cancellationToken);
        var present = Find(spec.Id) ?? throw NotHere(spec.Id);
        if (_reverted.GetValueOrDefault(spec.Id) >= spec.Boot)
            return present;
        if (present.Phase is not (VmPhase.Stopped or VmPhase.Standby))
            throw new NodeException(NodeErrorKind.WrongPhase, $"VM {spec.Id} is {present.Phase}; it must be Stopped or Standby");
        Become(spec, await CopyAsync(ForkSource.Snapshot(snapshotId), withMemory, cancellationToken), withMemory, present.Ip);
        _reverted[spec.Id] = spec.Boot;
        await faults.PassAsync(NodeStep.RevertDone, cancellationToken);
        return Find(spec.Id)!;
    }

    public async Task<SnapshotStatus> TakeAsync(string id, string vmId, long epoch, bool withMemory, CancellationToken cancellationToken)
    {
        await faults.PassAsync(NodeStep.SnapshotBegins, cancellationToken);
        if (!_snapshots.TryGetValue(id, out var taken))
            _snapshots[id] = taken = await CopyAsync(ForkSource.Vm(vmId, epoch), withMemory, cancellationToken) with { Id = id };
        await faults.PassAsync(NodeStep.SnapshotDone, cancellationToken);
        return taken.Status;
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await faults.PassAsync(NodeStep.SnapshotDeleteBegins, cancellationToken);
        _snapshots.TryRemove(id, out _);
    }

    /// <summary>What was asked to be compressed, by VM or snapshot.</summary>
    public ConcurrentDictionary<string, CompressionSpec> Compressed { get; } = new();

    public async Task CompressAsync(string id, long epoch, CompressionSpec spec, CancellationToken cancellationToken)
    {
        await faults.PassAsync(NodeStep.CompressBegins, cancellationToken);
        RefuseIfFenced(id, epoch);
        if ((Find(id) ?? throw NotHere(id)).Phase == VmPhase.Standby)
            Compressed[id] = spec;
    }

    public async Task CompressAsync(string id, CompressionSpec spec, CancellationToken cancellationToken)
    {
        await faults.PassAsync(NodeStep.CompressBegins, cancellationToken);
        if (!_snapshots.TryGetValue(id, out var taken))
            throw new NodeException(NodeErrorKind.NotFound, $"this node has no snapshot {id}");
        if (taken.HasMemory)
            (_snapshots[id], Compressed[id]) = (taken with { Spec = spec }, spec);
    }

    public Task<SnapshotDescription> DescribeAsync(string id, CancellationToken cancellationToken)
    {
        var taken = _snapshots.GetValueOrDefault(id) ?? throw new NodeException(NodeErrorKind.NotFound, $"this node has no snapshot {id}");
        return Task.FromResult(new SnapshotDescription
        {
            Manifest = new SnapshotManifest
            {
                TakenAt = taken.At,
                Hypervisor = Machine.Hypervisor,
                Memory = taken.Status.Memory,
                Spec = new VmSpec
                {
                    Id = taken.VmId, Epoch = 1, Boot = 1, Vcpus = 1, MemoryBytes = 1, OverlayBytes = 1, RootDigest = "", Hostname = "",
                    Program = new GuestProgram { Arguments = ["none"] },
                },
            },
            Files = [Describe(taken.Disk)],
            Sleep = taken.HasMemory ? new VmSleep("base", Machine, 1) : null,
        });
    }

    Task<ReadOnlyMemory<byte>> ISnapshotHost.ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken)
    {
        var taken = _snapshots.GetValueOrDefault(id) ?? throw new NodeException(NodeErrorKind.NotFound, $"this node has no snapshot {id}");
        return Task.FromResult(ChunkOf(taken.Disk, chunk));
    }

    public async Task<SnapshotStatus> ReceiveAsync(string id, ISnapshotSource source, CancellationToken cancellationToken)
    {
        await faults.PassAsync(NodeStep.SnapshotReceiveBegins, cancellationToken);
        if (_snapshots.TryGetValue(id, out var present))
            return present.Status;
        try
        {
            var description = await source.DescribeAsync(cancellationToken);
            if (description.Sleep?.Machine.WhyNotOn(Machine) is { } why)
                throw new NodeException(NodeErrorKind.NotSupported, $"its memory cannot go on here: {why}");
            var disk = await FetchAsync(description.Files.Single(), source, () => { }, cancellationToken);
            var (manifest, hasMemory) = (description.Manifest, description.Sleep is not null);
            return (_snapshots[id] = new Taken(id, manifest.Spec.Id, manifest.TakenAt, disk, hasMemory)).Status;
        }
        catch (IOException lost)
        {
            throw new NodeException(NodeErrorKind.Unavailable, $"{source.Name} cannot be reached: {lost.Message}");
        }
    }

    SnapshotStatus? ISnapshotHost.Find(string id) => _snapshots.GetValueOrDefault(id)?.Status;

    IReadOnlyList<SnapshotStatus> ISnapshotHost.List() => [.. _snapshots.Values.Select(taken => taken.Status)];

    private async Task<Taken> CopyAsync(ForkSource source, bool withMemory, CancellationToken cancellationToken)
    {
        if (source.SnapshotId is { } id)
        {
            var found = _snapshots.GetValueOrDefault(id) ?? throw new NodeException(NodeErrorKind.NotFound, $"this node has no snapshot {id}");
            return withMemory && !found.HasMemory
                ? throw new NodeException(NodeErrorKind.WrongPhase, $"snapshot {id} is of a disk alone")
                : found;
        }
        var vmId = source.VmId!;
        using var turn = await TakeTurnAsync(vmId, cancellationToken);
        RefuseIfFenced(vmId, source.Epoch);
        var vm = Find(vmId) ?? throw NotHere(vmId);
        if (vm.Phase is VmPhase.Booting or VmPhase.Paused or VmPhase.Unknown)
            throw new NodeException(NodeErrorKind.Unavailable, $"VM {vmId} is {vm.Phase} now");
        if (vm.Phase is not (VmPhase.Running or VmPhase.Standby) && (withMemory || vm.Phase != VmPhase.Stopped))
            throw new NodeException(NodeErrorKind.WrongPhase, $"VM {vmId} is {vm.Phase} and cannot be copied");
        return new Taken("", vmId, time.GetUtcNow(), _disks.GetValueOrDefault(vmId, []), withMemory);
    }

    private void Become(VmSpec spec, Taken taken, bool withMemory, string? ip)
    {
        _disks[spec.Id] = taken.Disk;
        Plant(new VmStatus
        {
            Id = spec.Id,
            Epoch = spec.Epoch,
            Boot = spec.Boot,
            Phase = withMemory ? VmPhase.Standby : VmPhase.Stopped,
            HasRun = withMemory,
            Ip = ip,
            Mac = "02:00:00:00:00:01",
            StartedAt = withMemory ? time.GetUtcNow() : null,
            Saved = withMemory ? new SavedMemory(taken.At, 1, 1, 0, 1) : null,
        });
    }

    private sealed record Taken(string Id, string VmId, DateTimeOffset At, byte[] Disk, bool HasMemory)
    {
        public CompressionSpec? Spec { get; init; }

        public SnapshotStatus Status => new()
        {
            Id = Id,
            TakenAt = At,
            VmId = VmId,
            Memory = HasMemory ? new SavedMemory(At, 1, 1, 0, 1) : null,
            SizeBytes = Disk.Length + (HasMemory ? 2 : 0),
            Compression = Spec is null
                ? new CompressionStatus(CompressionState.None)
                : new CompressionStatus(CompressionState.Compressed) { Spec = Spec, CompressedBytes = 1, UncompressedBytes = 2 },
        };
    }
}
