namespace Hypeman.NodeRuntime.Images.Layers;

internal enum EntryKind
{
    File,
    HardLink,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>What a layer says about one name. Names are <see cref="ByteText"/>.</summary>
internal sealed record LayerEntry
{
    /// <summary>As <see cref="LayerPath"/> writes it; empty for the root.</summary>
    public required string Path { get; init; }

    public required EntryKind Kind { get; init; }

    /// <summary>The twelve bits below the type: permissions, setuid, setgid, sticky.</summary>
    public ushort Permissions { get; init; }

    public uint Uid { get; init; }
    public uint Gid { get; init; }
    public long ModifiedSeconds { get; init; }
    public uint ModifiedNanoseconds { get; init; }

    /// <summary>Bytes of content, holes included; 0 for all but files.</summary>
    public long Size { get; init; }

    /// <summary>How many of these bytes the archive does not hold.</summary>
    public long HoleBytes { get; init; }

    /// <summary>Of a symlink as it is written; of a hard link the normalized path; empty for all others.</summary>
    public string LinkTarget { get; init; } = "";

    public uint DeviceMajor { get; init; }
    public uint DeviceMinor { get; init; }
    public IReadOnlyList<Xattr> Xattrs { get; init; } = [];
}

internal readonly record struct Xattr(string Name, byte[] Value);
