using System.Buffers.Binary;
using Hypeman.NodeRuntime.Images.Layers;

namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>The xattrs of an inode in the form that stands behind it.</summary>
internal static class ErofsXattrs
{
    private const int HeaderSize = 12;
    private const int EntrySize = 4;

    /// <summary>Longer names first: an index stands for the beginning of a name.</summary>
    private static readonly (string Prefix, byte Index)[] Prefixes =
    [
        ("system.posix_acl_access", 2),
        ("system.posix_acl_default", 3),
        ("security.", 6),
        ("trusted.", 4),
        ("user.", 1),
    ];

    /// <summary>Bytes that they take; 0 when there are none.</summary>
    /// <exception cref="InvalidDataException">They are larger than Linux allows.</exception>
    public static int SizeOf(LayerEntry entry)
    {
        var size = 0;
        foreach (var (name, value) in entry.Xattrs)
        {
            if (Split(name) is not var (_, suffix))
                continue;
            if (suffix.Length > ImageLimits.NameBytes || value.Length > ImageLimits.XattrValueBytes)
                throw TooLarge(entry);
            size += Aligned(EntrySize + suffix.Length + value.Length);
        }
        return size switch
        {
            0 => 0,
            > ImageLimits.XattrsBytes => throw TooLarge(entry),
            _ => HeaderSize + size,
        };
    }

    /// <summary>How the inode says the size.</summary>
    public static ushort CountOf(int size) => size == 0 ? (ushort)0 : (ushort)((size - HeaderSize) / EntrySize + 1);

    public static byte[] Encode(LayerEntry entry)
    {
        var encoded = new byte[SizeOf(entry)];
        if (encoded.Length == 0)
            return encoded;
        var rest = encoded.AsSpan(HeaderSize);
        foreach (var (name, value) in entry.Xattrs.OrderBy(xattr => xattr.Name, StringComparer.Ordinal))
        {
            if (Split(name) is not var (index, suffix))
                continue;
            rest[0] = (byte)suffix.Length;
            rest[1] = index;
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)value.Length);
            ByteText.ToBytes(suffix).CopyTo(rest[EntrySize..]);
            value.CopyTo(rest[(EntrySize + suffix.Length)..]);
            rest = rest[Aligned(EntrySize + suffix.Length + value.Length)..];
        }
        return encoded;
    }

    /// <summary>
    /// Null for what the format has no place for, and for overlayfs' own marks: in a merged root they could only
    /// deceive the overlay that the guest lays above it.
    /// </summary>
    private static (byte Index, string Suffix)? Split(string name)
    {
        if (name.StartsWith("trusted.overlay.", StringComparison.Ordinal) || name.StartsWith("user.overlay.", StringComparison.Ordinal))
            return null;
        foreach (var (prefix, index) in Prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return (index, name[prefix.Length..]);
        return null;
    }

    private static int Aligned(int size) => (size + EntrySize - 1) & ~(EntrySize - 1);

    private static InvalidDataException TooLarge(LayerEntry entry) =>
        new($"the extended attributes of {ByteText.Show(entry.Path)} are larger than Linux allows");
}
