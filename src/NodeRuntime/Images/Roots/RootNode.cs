using Hypeman.NodeRuntime.Images.Erofs;
using Hypeman.NodeRuntime.Images.Layers;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// One thing that a layer brings. What is left of them when all layers are merged are the inodes of the root.
/// </summary>
internal sealed class RootNode(LayerEntry entry)
{
    /// <summary>Replaced when a higher layer says something new about a directory.</summary>
    public LayerEntry Entry { get; set; } = entry;

    /// <summary>Where the content of a file is in the image; null while it is not there.</summary>
    public StoredContent? Content { get; set; }

    /// <summary>Of a directory that is part of the tree; null for all else.</summary>
    public Dictionary<string, RootSlot>? Children { get; private set; }

    /// <summary>Of a directory, null for the root.</summary>
    public RootNode? Parent { get; private set; }

    /// <summary>Nothing from layers below this one is left in this directory.</summary>
    public int EmptyBelowLayer { get; set; }

    public bool IsDirectory => Entry.Kind == EntryKind.Directory;

    public void BecomeDirectory(RootNode? parent, int layer) =>
        (Children, Parent, EmptyBelowLayer) = ([], parent, layer);
}

/// <summary>A name in a directory.</summary>
/// <param name="Node">What the name means; several names can mean one file.</param>
/// <param name="Layer">The highest layer that has this name, or any below it.</param>
internal record struct RootSlot(RootNode Node, int Layer);
