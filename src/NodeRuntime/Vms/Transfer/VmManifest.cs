using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Hypervisors;

namespace Hypeman.NodeRuntime.Vms.Transfer;

/// <summary>All that is kept of a VM at rest, so that another host can have it.</summary>
public sealed record VmManifest
{
    /// <summary>As its present host saw it last: how it ended, and which boot that was.</summary>
    public required VmStatus Status { get; init; }

    public required IReadOnlyList<VmFile> Files { get; init; }

    /// <summary>Of a VM in standby.</summary>
    public VmSleep? Sleep { get; init; }

    /// <summary>What files take on a disk, at most.</summary>
    public static long MostBytesOf(IEnumerable<VmFile> files) => files.Sum(file => file.Chunks.Sum(chunk => (long)file.LengthOf(chunk)));
}

/// <summary>What another host must know of a memory that moves.</summary>
/// <param name="Base">Its id; who has it already need not fetch it.</param>
/// <param name="Machine">What it can be restored under.</param>
/// <param name="GuestBoot">The number that the guest knows its boot by.</param>
public sealed record VmSleep(string Base, MachineSignature Machine, long GuestBoot)
{
    /// <summary>Keeps its base, which need not be here yet, until the end of what is returned.</summary>
    /// <exception cref="NodeException">NotSupported: the memory could not go on here.</exception>
    internal IDisposable HoldBase(VmContext host, VmMachine machine)
    {
        if (Machine.WhyNotOn(host.Hypervisor(Machine.Hypervisor).Signature(machine)) is { } why)
            throw new NodeException(NodeErrorKind.NotSupported, $"Its memory cannot go on here: {why}.");
        return host.Memory.Hold(Base);
    }
}

/// <summary>One kept file: what is not in a chunk is a hole.</summary>
/// <param name="Name">Its path in the VM's directory.</param>
/// <param name="Length">In bytes, holes included.</param>
/// <param name="Chunks">In order.</param>
public sealed record VmFile(string Name, long Length, IReadOnlyList<VmChunk> Chunks)
{
    public const int ChunkBytes = 4 << 20;

    /// <summary>Whether the other has the same content.</summary>
    public bool IsSameAs(VmFile other) => Name == other.Name && Length == other.Length && Chunks.SequenceEqual(other.Chunks);

    /// <summary>The last chunk of a file may be shorter.</summary>
    public int LengthOf(VmChunk chunk) => (int)Math.Min(ChunkBytes, Length - chunk.Offset);
}

/// <summary>A piece of a file that is not all zeros.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
public sealed record VmChunk(long Number, string Digest)
{
    public long Offset => Number * VmFile.ChunkBytes;
}
