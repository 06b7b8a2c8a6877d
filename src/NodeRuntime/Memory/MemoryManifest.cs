using Hypeman.NodeRuntime.Hypervisors;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>A file as it was when it was written.</summary>
/// <param name="Digest">XXH128, in hexadecimal digits: it is there to find damage, not malice.</param>
public sealed record FilePart(long Bytes, string Digest);

/// <summary>A base, and how much there is to it.</summary>
/// <param name="Bytes">Without its holes.</param>
public sealed record BaseName(string Id, long Bytes);

/// <summary>What a guest's memory at rest consists of. Written last: where it is, all it names is whole.</summary>
public sealed record MemoryManifest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required DateTimeOffset SavedAt { get; init; }
    public required long MemoryBytes { get; init; }

    /// <summary>Id of the base, which is needed for as long as a manifest names it.</summary>
    public required string Base { get; init; }

    /// <summary>Of the base, without its holes.</summary>
    public required long BaseBytes { get; init; }

    /// <summary>Null when the memory is as the base.</summary>
    public FilePart? Changes { get; init; }

    public required FilePart Devices { get; init; }

    /// <summary>What it can be restored under.</summary>
    public required MachineSignature Machine { get; init; }
}
