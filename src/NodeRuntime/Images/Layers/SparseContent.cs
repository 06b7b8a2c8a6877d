namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>A part of a sparse file that is not a hole.</summary>
internal readonly record struct SparseRun(long Offset, long Length)
{
    public long End => Offset + Length;
}

/// <summary>The content of a sparse file: runs that the archive holds, and zeros between them.</summary>
internal sealed class SparseContent
{
    private readonly IReadOnlyList<SparseRun> _runs;
    private readonly long _size;
    private int _run;
    private long _position;

    /// <exception cref="InvalidDataException">The map contradicts itself, or the sizes.</exception>
    public SparseContent(IReadOnlyList<SparseRun> runs, long size, long packedSize)
    {
        long end = 0, packed = 0;
        foreach (var run in runs)
        {
            if (run.Offset < end || run.Length < 0 || run.Length > size - run.Offset)
                throw new InvalidDataException("the map of a sparse file contradicts itself");
            end = run.End;
            packed += run.Length;
        }
        if (packed != packedSize)
            throw new InvalidDataException("the map of a sparse file and its size contradict each other");
        (_runs, _size) = (runs, size);
    }

    public delegate int ReadPacked(Span<byte> buffer);

    /// <returns>Bytes put into the buffer, 0 at the end.</returns>
    public int Read(Span<byte> buffer, ReadPacked readPacked)
    {
        while (_run < _runs.Count && _position >= _runs[_run].End)
            _run++;
        var isHole = _run == _runs.Count || _position < _runs[_run].Offset;
        var end = _run == _runs.Count ? _size : isHole ? _runs[_run].Offset : _runs[_run].End;
        var part = buffer[..(int)Math.Min(buffer.Length, end - _position)];

        var count = part.Length;
        if (isHole)
            part.Clear();
        else
            count = readPacked(part);
        _position += count;
        return count;
    }
}
