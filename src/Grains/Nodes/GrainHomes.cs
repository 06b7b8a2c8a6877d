using System.Collections.Concurrent;
using System.Data.Common;
using Hypeman.Contracts;
using Hypeman.Contracts.Index;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// The node that a pinned grain belongs to, as the index says; while the database is away, as it last said, so that grains
/// in memory are still reached.
/// </summary>
internal sealed class GrainHomes(IResourceIndex index)
{
    private const int MostRemembered = 200_000;

    private static readonly (string Prefix, ResourceKind Kind)[] Kinds =
    [
        (GrainKeys.InstancePrefix, ResourceKind.Instance), (GrainKeys.ImagePrefix, ResourceKind.Image), (GrainKeys.NodePrefix, ResourceKind.Node),
        (GrainKeys.SnapshotPrefix, ResourceKind.Snapshot),
    ];

    private readonly ConcurrentDictionary<string, string> _remembered = new();

    /// <summary>The node's id; null when nothing of that key exists (yet).</summary>
    public async Task<string?> FindAsync(GrainId grain)
    {
        var key = grain.Key.ToString()!;
        foreach (var (prefix, kind) in Kinds)
            if (key.StartsWith(prefix, StringComparison.Ordinal))
                return await FindAsync(key, kind, key[prefix.Length..]);
        return null;
    }

    private async Task<string?> FindAsync(string key, ResourceKind kind, string id)
    {
        ResourceRow? row;
        try
        {
            row = await index.GetAsync(kind, id);
        }
        catch (Exception) when (_remembered.TryGetValue(key, out var last))
        {
            return last;
        }
        catch (DbException error)
        {
            throw Errors.Errors.OfDatabase(error);
        }
        if (row?.Home is { } home)
            Remember(key, home);
        else
            _remembered.TryRemove(key, out _);
        return row?.Home;
    }

    private void Remember(string key, string home)
    {
        if (_remembered.Count >= MostRemembered)
            _remembered.Clear();
        _remembered[key] = home;
    }
}
