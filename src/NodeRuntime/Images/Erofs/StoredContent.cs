namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>Where the content of an inode is: a run of blocks, and its end when that goes beside the inode.</summary>
internal sealed record StoredContent(uint FirstBlock, byte[] Tail)
{
    public static readonly StoredContent Empty = new(ErofsFormat.NoBlock, []);
}

/// <returns>Bytes put into the buffer, 0 at the end.</returns>
internal delegate int ContentReader(Span<byte> buffer);
