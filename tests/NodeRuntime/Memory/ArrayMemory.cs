using Hypeman.NodeRuntime.Memory;

namespace Hypeman.Tests.NodeRuntime.Memory;

/// <summary>A guest's memory that is an array.</summary>
internal sealed class ArrayMemory(byte[] content) : IGuestMemory
{
    internal byte[] Content => content;

    public long Bytes => content.Length;

    public void Read(long offset, Span<byte> into) => content.AsSpan((int)offset, into.Length).CopyTo(into);

    public void Write(long offset, ReadOnlySpan<byte> from) => from.CopyTo(content.AsSpan((int)offset));
}
