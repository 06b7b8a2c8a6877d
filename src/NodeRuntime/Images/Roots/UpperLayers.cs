using System.Runtime.InteropServices;
using Hypeman.NodeRuntime.Images.Layers;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// What is known of the layers above while a layer streams by: a guess at which of its files will be hidden, so that
/// their content need not be written. It is wrong where symlinks or hard links are in play; the merge knows better,
/// and what it misses is read again.
/// </summary>
internal sealed class UpperLayers
{
    private readonly Dictionary<string, Shadow> _shadows = [];

    [Flags]
    private enum Shadow
    {
        None = 0,
        HidesFile = 1,
        HidesBelow = 2,
    }

    public void Add(IEnumerable<RootNode> layer)
    {
        foreach (var item in layer)
        {
            var (parent, name) = LayerPath.Split(item.Entry.Path);
            if (Whiteout.IsOpaqueMark(name))
                Mark(parent, Shadow.HidesBelow);
            else if (Whiteout.HiddenName(name) is { } hidden)
                Mark(parent.Length == 0 ? hidden : $"{parent}/{hidden}", Shadow.HidesFile | Shadow.HidesBelow);
            else
                Mark(item.Entry.Path, Shadow.HidesFile | (item.IsDirectory ? Shadow.None : Shadow.HidesBelow));
        }
    }

    public bool ProbablyHide(string path)
    {
        var shadows = _shadows.GetAlternateLookup<ReadOnlySpan<char>>();
        if (shadows.TryGetValue(path, out var own) && own.HasFlag(Shadow.HidesFile))
            return true;
        var above = path.AsSpan();
        while (!above.IsEmpty)
        {
            above = above[..Math.Max(0, above.LastIndexOf('/'))];
            if (shadows.TryGetValue(above, out var shadow) && shadow.HasFlag(Shadow.HidesBelow))
                return true;
        }
        return false;
    }

    private void Mark(string path, Shadow shadow)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_shadows, path, out _);
        known |= shadow;
    }
}
