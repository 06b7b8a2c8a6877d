namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>One header block of a tar: v7, ustar, GNU or star, told apart by their magic.</summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int Size = 512;

    private readonly ReadOnlySpan<byte> _block = block;

    public char Type => (char)_block[156];
    public long Permissions => TarNumber.Read(Field(100, 8), "mode");
    public long Uid => TarNumber.Read(Field(108, 8), "uid");
    public long Gid => TarNumber.Read(Field(116, 8), "gid");
    public long ContentSize => TarNumber.Read(Field(124, 12), "size");
    public long ModifiedSeconds => TarNumber.Read(Field(136, 12), "mtime");
    public string LinkTarget => ByteText.FromZeroTerminated(Field(157, 100));
    public long DeviceMajor => TarNumber.Read(Field(329, 8), "device major");
    public long DeviceMinor => TarNumber.Read(Field(337, 8), "device minor");

    public string Name
    {
        get
        {
            var name = ByteText.FromZeroTerminated(Field(0, 100));
            if (!Field(257, 6).SequenceEqual("ustar\0"u8))
                return name;
            var isStar = Field(508, 4).SequenceEqual("tar\0"u8);
            var prefix = ByteText.FromZeroTerminated(Field(345, isStar ? 131 : 155));
            return prefix.Length == 0 ? name : $"{prefix}/{name}";
        }
    }

    /// <summary>The map of an old GNU sparse file continues in blocks of its own.</summary>
    public bool SparseMapGoesOn => _block[482] != 0;

    public long SparseRealSize => TarNumber.Read(Field(483, 12), "sparse size");
    public ReadOnlySpan<byte> SparseMap => Field(386, 4 * SparseMapReader.OldEntrySize);

    public bool IsZero => !_block.ContainsAnyExcept((byte)0);

    /// <exception cref="InvalidDataException">These bytes are no header.</exception>
    public void CheckSum()
    {
        var stored = TarNumber.Read(Field(148, 8), "checksum");
        long unsignedSum = 0, signedSum = 0;
        for (var i = 0; i < Size; i++)
        {
            var value = i is >= 148 and < 156 ? (byte)' ' : _block[i];
            unsignedSum += value;
            signedSum += (sbyte)value; // Old programs summed signed characters.
        }
        if (stored != unsignedSum && stored != signedSum)
            throw new InvalidDataException("a tar header has a wrong checksum");
    }

    private ReadOnlySpan<byte> Field(int offset, int length) => _block.Slice(offset, length);
}
