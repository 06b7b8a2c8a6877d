namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>The three places in which GNU tar has kept the map of a sparse file.</summary>
internal static class SparseMapReader
{
    /// <summary>An offset and a length of twelve bytes each.</summary>
    public const int OldEntrySize = 24;

    private const int OldEntriesPerBlock = 21;
    private const int OldContinuationFlag = OldEntriesPerBlock * OldEntrySize;

    /// <summary>Reads the next 512 bytes.</summary>
    public delegate byte[] ReadBlock();

    /// <summary>In the header and in blocks behind it, until an entry is empty.</summary>
    public static List<SparseRun> ReadOld(TarHeader header, ReadBlock readBlock)
    {
        var runs = new List<SparseRun>();
        ReadOldEntries(header.SparseMap, runs);
        for (var goesOn = header.SparseMapGoesOn; goesOn;)
        {
            var block = readBlock();
            goesOn = block[OldContinuationFlag] != 0;
            ReadOldEntries(block.AsSpan(0, OldContinuationFlag), runs);
        }
        return runs;
    }

    /// <summary>Formats 0.0 and 0.1: in the extended header.</summary>
    public static List<SparseRun> FromNumbers(IReadOnlyList<long> numbers)
    {
        if (numbers.Count % 2 != 0)
            throw new InvalidDataException("the map of a sparse file ends in the middle of an entry");
        var runs = new List<SparseRun>();
        for (var i = 0; i < numbers.Count; i += 2)
            Add(runs, numbers[i], numbers[i + 1]);
        return runs;
    }

    /// <summary>Format 1.0: lines of decimal numbers before the content, the first one is how many entries follow.</summary>
    public static List<SparseRun> ReadFromContent(ReadBlock readBlock)
    {
        var numbers = new DecimalLines(readBlock);
        var count = numbers.Next();
        if (count is < 0 or > ImageLimits.SparseRuns)
            throw new InvalidDataException("the map of a sparse file has too many entries");
        var runs = new List<SparseRun>();
        for (var i = 0; i < count; i++)
            Add(runs, numbers.Next(), numbers.Next());
        return runs;
    }

    private static void ReadOldEntries(ReadOnlySpan<byte> entries, List<SparseRun> runs)
    {
        for (; !entries.IsEmpty; entries = entries[OldEntrySize..])
        {
            if (entries[0] == 0)
                return;
            const string what = "map of a sparse file";
            Add(runs, TarNumber.Read(entries[..12], what), TarNumber.Read(entries[12..OldEntrySize], what));
        }
    }

    private static void Add(List<SparseRun> runs, long offset, long length)
    {
        if (runs.Count == ImageLimits.SparseRuns)
            throw new InvalidDataException("the map of a sparse file has too many entries");
        runs.Add(new SparseRun(offset, length));
    }

    private sealed class DecimalLines(ReadBlock readBlock)
    {
        private const int MaxDigits = 19;
        private byte[] _block = [];
        private int _position;

        public long Next()
        {
            Span<byte> digits = stackalloc byte[MaxDigits];
            for (var length = 0; length <= MaxDigits; length++)
            {
                if (_position == _block.Length)
                    (_block, _position) = (readBlock(), 0);
                var character = _block[_position++];
                if (character == (byte)'\n')
                    return TarNumber.ReadDecimal(digits[..length], "map of a sparse file");
                if (length < MaxDigits)
                    digits[length] = character;
            }
            throw new InvalidDataException("the map of a sparse file has too long a number");
        }
    }
}
