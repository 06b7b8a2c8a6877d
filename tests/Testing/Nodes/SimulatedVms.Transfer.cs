using System.Collections.Concurrent;
using System.Security.Cryptography;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>Moves of VMs at rest. What a simulated VM keeps is one disk, and that is a few bytes.</summary>
public sealed partial class SimulatedVms
{
    private const string DiskName = "overlay.ext4";

    private readonly ConcurrentDictionary<string, byte[]> _disks = new();
    private readonly ConcurrentDictionary<string, long> _received = new();

    /// <summary>What memories are saved under here.</summary>
    public MachineSignature Machine { get; set; } = new("qemu", "simulated", "any", "none");

    /// <summary>What is on the disk of a VM; null when this node has none.</summary>
    public byte[]? Disk(string id) => _disks.GetValueOrDefault(id);

    /// <summary>The guest writes to its disk.</summary>
    public void WriteDisk(string id, byte[] content) => _disks[id] = content;

    public async Task<VmManifest> HandOverAsync(string id, long epoch, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(id, cancellationToken);
        RefuseIfFenced(id, epoch);
        await faults.PassAsync(NodeStep.HandOverBegins, cancellationToken);
        if (Find(id) is not { } vm)
            throw NotHere(id);
        RequireRest(vm);
        Change(id, rests => rests with { Epoch = epoch });
        return new VmManifest
        {
            Status = Find(id)!,
            Files = [Describe(_disks.GetValueOrDefault(id, []))],
            Sleep = vm.Phase == VmPhase.Standby ? new VmSleep("base", Machine, vm.Boot) : null,
        };
    }

    public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken)
    {
        RequireRest(Find(id) ?? throw NotHere(id));
        await faults.PassAsync(NodeStep.ChunkIsRead, cancellationToken);
        if (file != DiskName)
            throw new NodeException(NodeErrorKind.Invalid, $"a VM keeps no file '{file}'");
        var disk = _disks.GetValueOrDefault(id, []);
        return chunk >= 0 && chunk * VmFile.ChunkBytes < disk.Length
            ? ChunkOf(disk, chunk)
            : throw new NodeException(NodeErrorKind.NotFound, $"there is no chunk {chunk} of {file}");
    }

    public async Task<VmStatus> ReceiveAsync(VmSpec spec, IVmSource source, Action heard, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(spec.Id, cancellationToken);
        RefuseIfFenced(spec.Id, spec.Epoch);
        await faults.PassAsync(NodeStep.ReceiveBegins, cancellationToken);
        if (Find(spec.Id) is { } present && present.Phase != VmPhase.Arriving)
        {
            RequireRest(present);
            if (_received.GetValueOrDefault(spec.Id) == spec.Epoch)
                return present;
        }
        Plant(new VmStatus { Id = spec.Id, Epoch = spec.Epoch, Boot = spec.Boot, Phase = VmPhase.Arriving, HasRun = false });
        try
        {
            var manifest = await source.HandOverAsync(cancellationToken);
            heard();
            if (manifest.Sleep?.Machine.WhyNotOn(Machine) is { } why)
                throw new NodeException(NodeErrorKind.NotSupported, $"its memory cannot go on here: {why}");
            _disks[spec.Id] = await FetchAsync(manifest.Files.Single(), source, heard, cancellationToken);
            _received[spec.Id] = spec.Epoch;
            Plant(manifest.Status with
            {
                Epoch = spec.Epoch, Phase = manifest.Sleep is null ? VmPhase.Stopped : VmPhase.Standby,
                Ip = $"10.100.0.{Interlocked.Increment(ref _addresses)}",
            });
        }
        catch (IOException lost)
        {
            throw new NodeException(NodeErrorKind.Unavailable, $"{source.Name} cannot be reached: {lost.Message}");
        }
        await faults.PassAsync(NodeStep.ReceiveDone, cancellationToken);
        return Find(spec.Id)!;
    }

    private async Task<byte[]> FetchAsync(VmFile file, IFileSource source, Action heard, CancellationToken cancellationToken)
    {
        var disk = new byte[file.Length];
        foreach (var chunk in file.Chunks)
        {
            await faults.PassAsync(NodeStep.ChunkArrives, cancellationToken);
            var content = await source.ReadChunkAsync(file.Name, chunk.Number, cancellationToken);
            if (DigestOf(content.Span) != chunk.Digest)
                throw new NodeException(NodeErrorKind.Unavailable, $"what {source.Name} sends is something else");
            heard();
            content.CopyTo(disk.AsMemory((int)chunk.Offset));
        }
        return disk;
    }

    private static VmFile Describe(byte[] disk) => new(DiskName, disk.Length,
    [
        .. from number in Enumerable.Range(0, (disk.Length + VmFile.ChunkBytes - 1) / VmFile.ChunkBytes)
           let content = ChunkOf(disk, number)
           where content.Span.ContainsAnyExcept((byte)0)
           select new VmChunk(number, DigestOf(content.Span)),
    ]);

    private static ReadOnlyMemory<byte> ChunkOf(byte[] disk, long number)
    {
        var from = (int)(number * VmFile.ChunkBytes);
        return disk.AsMemory(from, Math.Min(VmFile.ChunkBytes, disk.Length - from));
    }

    private static string DigestOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static void RequireRest(VmStatus vm)
    {
        if (vm.Phase is not (VmPhase.Stopped or VmPhase.Standby))
            throw new NodeException(NodeErrorKind.WrongPhase, $"VM {vm.Id} is {vm.Phase}; only one at rest can be moved");
    }
}
