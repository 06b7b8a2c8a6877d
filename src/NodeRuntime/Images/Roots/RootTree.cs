using System.Runtime.InteropServices;
using Hypeman.NodeRuntime.Images.Layers;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// The names of a root: layers are applied from the lowest up, with the outcome that unpacking them one over the other
/// would have. Symlinks on the way to a name are followed inside the root; a whiteout hides lower layers only, wherever
/// it stands in its own. Only names and attributes are here, so nothing on the host can be reached.
/// </summary>
internal sealed class RootTree
{
    private const ushort ImplicitPermissions = (ushort)FileModes.Executable;

    private long _lookupSteps;

    public RootTree()
    {
        Root = ImplicitDirectory("");
        Root.BecomeDirectory(null, 0);
    }

    public RootNode Root { get; }

    /// <param name="layer">Number of the layer, each higher than the one before.</param>
    /// <exception cref="InvalidDataException">The layer contradicts itself or what is below it.</exception>
    public void Apply(int layer, IEnumerable<RootNode> items)
    {
        foreach (var item in items)
            Apply(layer, item);
    }

    /// <summary>All inodes, each once: a directory before what is in it, names in the order of their bytes.</summary>
    public IEnumerable<RootNode> Inodes()
    {
        var seen = new HashSet<RootNode>(ReferenceEqualityComparer.Instance);
        var next = new Stack<RootNode>([Root]);
        while (next.TryPop(out var node))
        {
            if (!seen.Add(node))
                continue;
            yield return node;
            if (node.Children is not null)
                foreach (var (_, slot) in node.Children.OrderByDescending(child => child.Key, StringComparer.Ordinal))
                    next.Push(slot.Node);
        }
    }

    private void Apply(int layer, RootNode item)
    {
        var path = item.Entry.Path;
        if (path.Length == 0)
        {
            Root.Entry = item.Entry;
            return;
        }
        var (parentPath, name) = LayerPath.Split(path);
        if (Whiteout.IsOpaqueMark(name))
        {
            if (FindDirectory(parentPath) is { } directory)
                RemoveLower(directory, layer);
        }
        else if (Whiteout.IsReserved(path))
            return;
        else if (Whiteout.HiddenName(name) is { } hidden)
            Hide(parentPath, hidden, layer);
        else
            Put(MakeDirectory(parentPath, layer), name, item, layer);
    }

    private void Put(RootNode parent, string name, RootNode item, int layer)
    {
        var node = item.Entry.Kind == EntryKind.HardLink ? LinkedNode(item.Entry) : item;
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(parent.Children!, name, out var exists);
        if (exists && slot.Node.IsDirectory && node.IsDirectory)
        {
            slot.Node.Entry = node.Entry;
            slot.Layer = layer;
            return;
        }
        if (node.IsDirectory)
            node.BecomeDirectory(parent, layer);
        slot = new RootSlot(node, layer);
    }

    private RootNode LinkedNode(LayerEntry link)
    {
        var (parentPath, name) = LayerPath.Split(link.LinkTarget);
        var found = FindDirectory(parentPath) is { } parent && parent.Children!.TryGetValue(name, out var slot)
            ? slot.Node
            : throw new InvalidDataException(
                $"hard link {ByteText.Show(link.Path)} is to {ByteText.Show(link.LinkTarget)}, which is not there");
        return found.IsDirectory
            ? throw new InvalidDataException($"hard link {ByteText.Show(link.Path)} is to a directory")
            : found;
    }

    private void Hide(string parentPath, string name, int layer)
    {
        if (FindDirectory(parentPath) is not { } parent || !parent.Children!.TryGetValue(name, out var slot))
            return;
        if (slot.Layer < layer)
            parent.Children.Remove(name);
        else if (slot.Node.IsDirectory)
            RemoveLower(slot.Node, layer);
    }

    /// <summary>Each directory is gone through once a layer at most, however many marks there are.</summary>
    private static void RemoveLower(RootNode directory, int layer)
    {
        var next = new Stack<RootNode>([directory]);
        while (next.TryPop(out var node))
        {
            if (node.EmptyBelowLayer == layer)
                continue;
            node.EmptyBelowLayer = layer;
            foreach (var (name, slot) in node.Children!)
            {
                if (slot.Layer < layer)
                    node.Children.Remove(name);
                else if (slot.Node.IsDirectory)
                    next.Push(slot.Node);
            }
        }
    }

    private RootNode? FindDirectory(string path) => Walk(path, makeLayer: null);

    private RootNode MakeDirectory(string path, int layer) => Walk(path, layer)!;

    /// <summary>Goes down a path; with a layer it makes what is missing and marks what it passes, else null is missing.</summary>
    private RootNode? Walk(string path, int? makeLayer)
    {
        var at = Root;
        var hops = 0;
        var ahead = new Stack<string>();
        PushParts(ahead, path);
        while (ahead.TryPop(out var part))
        {
            if (++_lookupSteps > ImageLimits.LookupSteps)
                throw new InvalidDataException("its symlinks take too many steps to follow");
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                at = at.Parent ?? Root;
                continue;
            }
            if (at.Children!.TryGetValue(part, out var slot) && slot.Node.Entry is { Kind: EntryKind.Symlink } link)
            {
                if (++hops > ImageLimits.SymlinkHops)
                    throw new InvalidDataException($"too many symlinks on the way to {ByteText.Show(path)}");
                at = link.LinkTarget.StartsWith('/') ? Root : at;
                PushParts(ahead, link.LinkTarget);
                continue;
            }
            var next = slot.Node is { IsDirectory: true } ? slot.Node : null;
            if (makeLayer is { } layer)
                next = Pass(at, part, slot, layer, path);
            if (next is null)
                return null;
            at = next;
        }
        return at;
    }

    /// <summary>Takes the directory of that name, or makes it; a file of a lower layer gives way.</summary>
    private static RootNode Pass(RootNode at, string part, RootSlot slot, int layer, string path)
    {
        if (slot.Node is { IsDirectory: false } && slot.Layer == layer)
            throw new InvalidDataException($"in {ByteText.Show(path)}, {ByteText.Show(part)} is a file of the same layer");
        var directory = slot.Node is { IsDirectory: true } ? slot.Node : null;
        if (directory is null)
        {
            if (part.Length > ImageLimits.NameBytes)
                throw new InvalidDataException($"symlinks on the way to {ByteText.Show(path)} lead to too long a name");
            directory = ImplicitDirectory(part);
            directory.BecomeDirectory(at, layer);
        }
        at.Children![part] = new RootSlot(directory, layer);
        return directory;
    }

    private static void PushParts(Stack<string> ahead, string path)
    {
        var parts = path.Split('/');
        for (var i = parts.Length - 1; i >= 0; i--)
            ahead.Push(parts[i]);
    }

    private static RootNode ImplicitDirectory(string name) => new(new LayerEntry
    {
        Path = name,
        Kind = EntryKind.Directory,
        Permissions = ImplicitPermissions,
    });
}
