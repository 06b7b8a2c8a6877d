using System.Buffers.Binary;
using Hypeman.NodeRuntime.Images.Roots;

namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>
/// The content of a directory: blocks of their own, each with its entries first and their names behind, all in the
/// order of the names' bytes, so that the kernel can search by halves.
/// </summary>
internal static class DirectoryBlocks
{
    public static long SizeOf(RootNode directory)
    {
        long full = 0;
        var used = 0;
        foreach (var name in NamesOf(directory))
        {
            if (used + Needs(name) > ErofsFormat.BlockSize)
                (full, used) = (full + ErofsFormat.BlockSize, 0);
            used += Needs(name);
        }
        return full + used;
    }

    /// <param name="directory">Whose content.</param>
    /// <param name="size">What <see cref="SizeOf"/> said.</param>
    /// <param name="numberOf">Finds the number of an inode.</param>
    public static byte[] Encode(RootNode directory, long size, Func<RootNode, ulong> numberOf)
    {
        var content = new byte[size];
        var rest = content.AsSpan();
        var block = new List<string>();
        var used = 0;
        foreach (var name in NamesOf(directory))
        {
            if (used + Needs(name) > ErofsFormat.BlockSize)
            {
                EncodeBlock(directory, block, rest, numberOf);
                rest = rest[ErofsFormat.BlockSize..];
                block.Clear();
                used = 0;
            }
            block.Add(name);
            used += Needs(name);
        }
        EncodeBlock(directory, block, rest, numberOf);
        return content;
    }

    private static void EncodeBlock(RootNode directory, List<string> names, Span<byte> block, Func<RootNode, ulong> numberOf)
    {
        var nameOffset = names.Count * ErofsFormat.DirectoryEntrySize;
        for (var i = 0; i < names.Count; i++)
        {
            var node = Find(directory, names[i]);
            var entry = block[(i * ErofsFormat.DirectoryEntrySize)..];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, numberOf(node));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], (ushort)nameOffset);
            entry[10] = ErofsFormat.DirectoryTypeOf(node.Entry.Kind);
            ByteText.ToBytes(names[i]).CopyTo(block[nameOffset..]);
            nameOffset += names[i].Length;
        }
    }

    private static IEnumerable<string> NamesOf(RootNode directory) =>
        directory.Children!.Keys.Append(".").Append("..").Order(StringComparer.Ordinal);

    private static RootNode Find(RootNode directory, string name) => name switch
    {
        "." => directory,
        ".." => directory.Parent ?? directory,
        _ => directory.Children![name].Node,
    };

    private static int Needs(string name) => ErofsFormat.DirectoryEntrySize + name.Length;
}
