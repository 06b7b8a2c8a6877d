using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Erofs;
using Hypeman.NodeRuntime.Images.Layers;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// Makes the root of an image from its layers:
/// 1. from the top layer down, list each and write the contents that no layer above seems to hide;
/// 2. merge the lists from the bottom up, which tells what is really in the root;
/// 3. read again the layers of which step 1 left out too much (rare: symlinks or hard links across layers);
/// 4. write names and inodes.
/// Contents go from the decompressor to the image; nothing is unpacked, and nothing of the layers names a host's file.
/// </summary>
internal sealed class RootBuilder(ImageOptions options, Action<long> reportBytesRead, CancellationToken cancellation)
{
    private const int ReadSize = 256 << 10;

    private readonly ExpansionBudget _budget = new(options.MaxExpandedBytes, options.MaxExpansionRatio);
    private long _bytesOfFinishedLayers;
    private int _entries;

    /// <summary>Makes the image in a new file. A failed one is left for the caller to remove.</summary>
    /// <param name="layers">The lowest first.</param>
    /// <param name="imagePath">Must not exist.</param>
    /// <param name="manifest">Names the image.</param>
    /// <returns>The size of the image in bytes, on the disk when this returns.</returns>
    /// <exception cref="NodeException">Invalid: a layer is corrupt or hostile; the message says which and why.</exception>
    public long Build(IReadOnlyList<RootLayer> layers, string imagePath, Digest manifest)
    {
        using var file = File.OpenHandle(imagePath, FileMode.CreateNew, FileAccess.Write);
        File.SetUnixFileMode(file, FileModes.Private);
        var image = new ErofsWriter(file);

        var lists = ListLayers(layers, image); // :: Step 1
        var tree = Merge(layers, lists); // :: Step 2
        WriteLeftOut(layers, lists, tree, image); // :: Step 3
        var size = image.Finish(tree, Convert.FromHexString(manifest.Hex)); // :: Step 4
        RandomAccess.FlushToDisk(file);
        return size;
    }

    private List<RootNode>[] ListLayers(IReadOnlyList<RootLayer> layers, ErofsWriter image)
    {
        var lists = new List<RootNode>[layers.Count];
        var above = new UpperLayers();
        for (var i = layers.Count - 1; i >= 0; i--)
        {
            var layer = layers[i];
            lists[i] = Reading(layer, () =>
            {
                var items = ListLayer(layer, above, image);
                above.Add(items);
                return items;
            });
        }
        return lists;
    }

    private List<RootNode> ListLayer(RootLayer layer, UpperLayers above, ErofsWriter image)
    {
        var items = new List<RootNode>();
        using var stream = new LayerStream(OpenBlob(layer), _budget, cancellation);
        var tar = new TarReader(new BufferedStream(stream, ReadSize));
        while (tar.Read())
        {
            if (++_entries > options.MaxEntries)
                throw new InvalidDataException($"the image has more than {options.MaxEntries} entries");
            _budget.Take(tar.Current.HoleBytes);
            ErofsXattrs.SizeOf(tar.Current); // Refuses what has no room, while we know whose it is.
            var item = new RootNode(tar.Current);
            if (tar.Current.Size > 0 && !above.ProbablyHide(tar.Current.Path))
                item.Content = image.WriteContent(tar.Current, tar.ReadContent);
            items.Add(item);
            reportBytesRead(_bytesOfFinishedLayers + stream.BytesRead);
        }
        var diffId = stream.Finish();
        if (diffId != layer.DiffId)
            throw new InvalidDataException($"it contains {diffId}, but the image's config promises {layer.DiffId}");
        _bytesOfFinishedLayers += stream.BytesRead;
        return items;
    }

    private static RootTree Merge(IReadOnlyList<RootLayer> layers, List<RootNode>[] lists)
    {
        var tree = new RootTree();
        for (var i = 0; i < lists.Length; i++)
        {
            var number = i;
            Reading(layers[i], () =>
            {
                tree.Apply(number + 1, lists[number]);
                return true;
            });
        }
        return tree;
    }

    private void WriteLeftOut(IReadOnlyList<RootLayer> layers, List<RootNode>[] lists, RootTree tree, ErofsWriter image)
    {
        var leftOut = tree.Inodes().Where(node => node.Entry.Size > 0 && node.Content is null)
            .ToHashSet<RootNode>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < layers.Count && leftOut.Count > 0; i++)
        {
            var (layer, items) = (layers[i], lists[i]);
            if (items.Exists(leftOut.Contains))
                Reading(layer, () => WriteLeftOut(layer, items, leftOut, image));
        }
    }

    private bool WriteLeftOut(RootLayer layer, List<RootNode> items, HashSet<RootNode> leftOut, ErofsWriter image)
    {
        var budget = new ExpansionBudget(options.MaxExpandedBytes, options.MaxExpansionRatio);
        using var stream = new LayerStream(OpenBlob(layer), budget, cancellation);
        var tar = new TarReader(new BufferedStream(stream, ReadSize));
        foreach (var item in items)
        {
            if (!tar.Read())
                throw new InvalidDataException("it changed while it was read");
            if (leftOut.Remove(item))
                item.Content = image.WriteContent(item.Entry, tar.ReadContent);
        }
        return true;
    }

    private static FileStream OpenBlob(RootLayer layer) =>
        new(layer.BlobPath, FileMode.Open, FileAccess.Read, FileShare.Read, ReadSize);

    private static T Reading<T>(RootLayer layer, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException failure)
        {
            throw new NodeException(NodeErrorKind.Invalid, $"layer {layer.Digest}: {failure.Message}", inner: failure);
        }
    }
}
