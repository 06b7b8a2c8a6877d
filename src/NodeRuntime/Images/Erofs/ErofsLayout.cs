using System.Runtime.InteropServices;
using Hypeman.NodeRuntime.Images.Layers;
using Hypeman.NodeRuntime.Images.Roots;

namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>One inode and where it goes.</summary>
internal sealed class ErofsInode(RootNode node, uint ordinal)
{
    public RootNode Node { get; } = node;
    public uint Ordinal { get; } = ordinal;
    public uint Links { get; set; }
    public int XattrSize { get; } = ErofsXattrs.SizeOf(node.Entry);

    /// <summary>Where it begins, in slots behind the first inode block.</summary>
    public ulong Number { get; set; }

    public long Size { get; set; }

    /// <summary>Size of a content that is written with the inodes, not before: of directories and symlinks.</summary>
    public long LateSize { get; set; }

    public int TailSize { get; set; }
    public uint FirstBlock { get; set; } = ErofsFormat.NoBlock;
}

/// <summary>Where everything but the contents of files goes: pure arithmetic over a finished tree.</summary>
internal sealed class ErofsLayout
{
    /// <summary>Not 0: it would be an inode number that programs take for "deleted".</summary>
    private const long FirstInodePosition = ErofsFormat.InodeSize;

    private readonly Dictionary<RootNode, ErofsInode> _byNode = new(ReferenceEqualityComparer.Instance);
    private readonly List<ErofsInode> _inodes = [];

    private ErofsLayout()
    {
    }

    public IReadOnlyList<ErofsInode> Inodes => _inodes;
    public uint FirstInodeBlock { get; private set; }

    /// <param name="tree">The merged root.</param>
    /// <param name="nextBlock">The first block behind the contents of files.</param>
    public static ErofsLayout Of(RootTree tree, uint nextBlock)
    {
        var layout = new ErofsLayout();
        foreach (var node in tree.Inodes())
            layout.Add(node);
        layout.CountLinks();
        layout.PlaceLateContents(nextBlock);
        layout.PlaceInodes();
        return layout;
    }

    public byte[] LateContentOf(ErofsInode inode) => inode.Node.IsDirectory
        ? DirectoryBlocks.Encode(inode.Node, inode.LateSize, node => _byNode[node].Number)
        : ByteText.ToBytes(inode.Node.Entry.LinkTarget);

    private void Add(RootNode node)
    {
        var inode = new ErofsInode(node, checked((uint)_inodes.Count + 1));
        var entry = node.Entry;
        inode.LateSize = entry.Kind switch
        {
            EntryKind.Directory => DirectoryBlocks.SizeOf(node),
            EntryKind.Symlink => entry.LinkTarget.Length,
            _ => 0,
        };
        inode.Size = Math.Max(inode.LateSize, entry.Size);
        if (inode.LateSize > 0)
            inode.TailSize = ErofsFormat.TailOf(inode.LateSize, inode.XattrSize);
        else if (node.Content is { } content)
            (inode.FirstBlock, inode.TailSize) = (content.FirstBlock, content.Tail.Length);
        _inodes.Add(inode);
        _byNode.Add(node, inode);
    }

    private void CountLinks()
    {
        foreach (var inode in _inodes.Where(inode => inode.Node.IsDirectory))
        {
            inode.Links += 2;
            foreach (var child in inode.Node.Children!.Values)
                if (child.Node.IsDirectory)
                    inode.Links++;
                else
                    _byNode[child.Node].Links++;
        }
    }

    private void PlaceLateContents(uint nextBlock)
    {
        foreach (var inode in _inodes.Where(inode => inode.LateSize > inode.TailSize))
        {
            inode.FirstBlock = nextBlock;
            nextBlock = checked(nextBlock + (uint)ErofsFormat.BlocksOf(inode.LateSize - inode.TailSize));
        }
        FirstInodeBlock = nextBlock;
    }

    private void PlaceInodes()
    {
        var position = FirstInodePosition;
        foreach (var inode in _inodes)
        {
            var head = ErofsFormat.InodeSize + inode.XattrSize;
            if (inode.TailSize > 0 && BlockOf(position + head) != BlockOf(position + head + inode.TailSize - 1))
                position = ErofsFormat.BlocksOf(position) << ErofsFormat.BlockBits;
            inode.Number = (ulong)(position / ErofsFormat.InodeSlot);
            position += head + inode.TailSize;
            position = (position + ErofsFormat.InodeSlot - 1) & -ErofsFormat.InodeSlot;
        }
    }

    private static long BlockOf(long position) => position >> ErofsFormat.BlockBits;
}
