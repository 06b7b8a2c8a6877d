namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>
/// Reads a layer's tar entry by entry, as a stream, trusting nothing in it. The framework's own reader is not fit for
/// layers: it mangles binary xattrs, fails on large owners and knows no sparse files.
/// </summary>
internal sealed class TarReader(Stream archive)
{
    private readonly byte[] _block = new byte[TarHeader.Size];

    /// <summary>Bytes of the current entry's content that the archive still holds.</summary>
    private long _packedLeft;

    private int _padding;
    private SparseContent? _sparse;

    public LayerEntry Current { get; private set; } = null!;

    /// <summary>Goes on to the next entry, past what was not read of this one's content; false at the end.</summary>
    /// <exception cref="InvalidDataException">This is no tar, is cut short, or has a name or size that is refused.</exception>
    public bool Read()
    {
        SkipContent();
        PaxHeader? pax = null;
        string? longName = null, longLink = null;
        while (ReadHeader())
        {
            var header = new TarHeader(_block);
            switch (header.Type)
            {
                case 'x' or 'X':
                    pax = PaxHeader.Parse(ReadExtended(header));
                    break;
                case 'g': // Defaults for all entries: builders put comments there, and other readers of layers skip it.
                    ReadExtended(header);
                    break;
                case 'L':
                    longName = ByteText.FromZeroTerminated(ReadExtended(header));
                    break;
                case 'K':
                    longLink = ByteText.FromZeroTerminated(ReadExtended(header));
                    break;
                default:
                    Begin(header, pax ?? new PaxHeader(), longName, longLink);
                    return true;
            }
        }
        return pax is null && longName is null && longLink is null ? false : throw CutShort();
    }

    /// <returns>Bytes of the current file's content put into the buffer, 0 at its end.</returns>
    public int ReadContent(Span<byte> buffer) => _sparse?.Read(buffer, ReadPacked) ?? ReadPacked(buffer);

    private static InvalidDataException CutShort() => new("the tar is cut short");

    private void Begin(TarHeader header, PaxHeader pax, string? longName, string? longLink)
    {
        var name = pax.Path ?? longName ?? header.Name;
        var kind = KindOf(header.Type, name);
        SetContent(header.Type is >= '1' and <= '6' ? 0 : pax.Size ?? header.ContentSize);
        var isSparse = header.Type == 'S' || (kind == EntryKind.File && pax.SparseRealSize is not null);
        var size = isSparse ? BeginSparse(header, pax) : kind == EntryKind.File ? _packedLeft : 0;

        var path = LayerPath.Normalize(name);
        if (path.Length == 0 && kind != EntryKind.Directory)
            throw new InvalidDataException("the root of a layer is something else than a directory");
        var isDevice = kind is EntryKind.CharacterDevice or EntryKind.BlockDevice;
        var modified = pax.Modified ?? (Seconds: header.ModifiedSeconds, Nanoseconds: 0u);
        Current = new LayerEntry
        {
            Path = path,
            Kind = kind,
            Permissions = (ushort)(header.Permissions & 0xfff),
            Uid = Checked(pax.Uid ?? header.Uid, uint.MaxValue - 1, "uid", path),
            Gid = Checked(pax.Gid ?? header.Gid, uint.MaxValue - 1, "gid", path),
            ModifiedSeconds = modified.Seconds,
            ModifiedNanoseconds = modified.Nanoseconds,
            Size = size,
            HoleBytes = isSparse ? size - _packedLeft : 0,
            LinkTarget = LinkTargetOf(kind, path, pax.LinkPath ?? longLink ?? header.LinkTarget),
            DeviceMajor = isDevice ? Checked(header.DeviceMajor, 0xfff, "device number", path) : 0,
            DeviceMinor = isDevice ? Checked(header.DeviceMinor, 0xfffff, "device number", path) : 0,
            Xattrs = pax.Xattrs,
        };
    }

    private void SetContent(long packedSize)
    {
        if (packedSize is < 0 or > long.MaxValue - TarHeader.Size)
            throw new InvalidDataException("a size in a tar header is out of range");
        _packedLeft = packedSize;
        _padding = (int)(-packedSize & (TarHeader.Size - 1));
        _sparse = null;
    }

    /// <returns>The size with its holes.</returns>
    private long BeginSparse(TarHeader header, PaxHeader pax)
    {
        var size = pax.SparseRealSize ?? header.SparseRealSize;
        var runs = header.Type == 'S' ? SparseMapReader.ReadOld(header, ReadOldMapBlock)
            : pax.SparseMapIsInContent ? SparseMapReader.ReadFromContent(ReadMapBlockOfContent)
            : SparseMapReader.FromNumbers(pax.SparseNumbers);
        _sparse = new SparseContent(runs, size, _packedLeft);
        return size;
    }

    private byte[] ReadOldMapBlock()
    {
        var block = new byte[TarHeader.Size];
        ReadExactly(block);
        return block;
    }

    private byte[] ReadMapBlockOfContent()
    {
        if (_packedLeft < TarHeader.Size)
            throw CutShort();
        _packedLeft -= TarHeader.Size;
        return ReadOldMapBlock();
    }

    private static EntryKind KindOf(char type, string name) => type switch
    {
        '\0' when name.EndsWith('/') => EntryKind.Directory, // Before POSIX directories had no type.
        '\0' or '0' or '7' or 'S' => EntryKind.File,
        '1' => EntryKind.HardLink,
        '2' => EntryKind.Symlink,
        '3' => EntryKind.CharacterDevice,
        '4' => EntryKind.BlockDevice,
        '5' => EntryKind.Directory,
        '6' => EntryKind.Fifo,
        _ => throw new InvalidDataException($"entry {ByteText.Show(name)} has a type that layers do not have: '{type}'"),
    };

    private static string LinkTargetOf(EntryKind kind, string path, string target)
    {
        if (kind == EntryKind.HardLink)
            return LayerPath.Normalize(target);
        if (kind != EntryKind.Symlink)
            return "";
        if (target.Length is 0 or >= ImageLimits.PathBytes || target.Contains('\0'))
            throw new InvalidDataException($"symlink {ByteText.Show(path)} has a target that is empty, too long or has a zero byte");
        return target;
    }

    private static uint Checked(long value, uint max, string what, string path) =>
        value >= 0 && value <= max
            ? (uint)value
            : throw new InvalidDataException($"the {what} of {ByteText.Show(path)} is out of range: {value}");

    private byte[] ReadExtended(TarHeader header)
    {
        var size = header.ContentSize;
        if (size is < 0 or > ImageLimits.ExtendedHeaderBytes)
            throw new InvalidDataException("an extended header of a tar is too long");
        var content = new byte[size];
        SetContent(size);
        ReadExactly(content);
        _packedLeft = 0;
        SkipContent();
        return content;
    }

    /// <returns>False at the end: two blocks of zeros, or the end of the stream where a header could begin.</returns>
    private bool ReadHeader()
    {
        if (!ReadBlockOrEnd())
            return false;
        if (new TarHeader(_block).IsZero)
            return ReadBlockOrEnd() && !new TarHeader(_block).IsZero
                ? throw new InvalidDataException("a tar goes on after its end")
                : false;
        new TarHeader(_block).CheckSum();
        return true;
    }

    private bool ReadBlockOrEnd() => archive.ReadAtLeast(_block, TarHeader.Size, throwOnEndOfStream: false) switch
    {
        0 => false,
        TarHeader.Size => true,
        _ => throw CutShort(),
    };

    private int ReadPacked(Span<byte> buffer)
    {
        if (_packedLeft == 0 || buffer.IsEmpty)
            return 0;
        var count = archive.Read(buffer[..(int)Math.Min(buffer.Length, _packedLeft)]);
        if (count == 0)
            throw CutShort();
        _packedLeft -= count;
        return count;
    }

    private void ReadExactly(Span<byte> buffer)
    {
        if (archive.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw CutShort();
    }

    private void SkipContent()
    {
        const int chunk = 64 << 10;
        if (_packedLeft + _padding == 0)
            return;
        Span<byte> scratch = new byte[(int)Math.Min(chunk, _packedLeft + _padding)];
        while (_packedLeft > 0)
            ReadPacked(scratch);
        ReadExactly(scratch[.._padding]);
        _padding = 0;
    }
}
