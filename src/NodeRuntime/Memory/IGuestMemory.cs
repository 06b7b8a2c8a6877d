namespace Hypeman.NodeRuntime.Memory;

/// <summary>The memory of a guest that stands still. Parts of it may be read at the same time.</summary>
public interface IGuestMemory
{
    long Bytes { get; }

    void Read(long offset, Span<byte> into);

    void Write(long offset, ReadOnlySpan<byte> from);
}
