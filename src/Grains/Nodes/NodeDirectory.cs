using System.Collections.Concurrent;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>A node, as its row says and as its silo is now.</summary>
internal sealed record KnownNode(NodeInfo Info, NodeCondition Condition, DateTimeOffset CreatedAt)
{
    public bool IsUp => Condition is NodeCondition.Ready or NodeCondition.Cordoned or NodeCondition.Draining;
}

/// <summary>
/// All nodes of the fleet, in the memory of each silo and fed by the index: a create must not read a thousand rows. One
/// that is behind makes a worse choice of node, never a wrong one, as each node keeps its own book.
/// </summary>
internal sealed class NodeDirectory(IResourceIndex index, NodeSilos silos, ILogger<NodeDirectory> logger)
    : SiloLoop(TimeProvider.System, TimeSpan.FromSeconds(1), logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Entry> _rows = new();
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _changes;
    private Whole? _whole;

    /// <summary>All that ever registered, removed ones too.</summary>
    public async Task<IReadOnlyList<KnownNode>> AllAsync()
    {
        try
        {
            await _told.Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new HypemanException(
                ErrorKind.Unavailable, "unavailable", "the nodes of the fleet cannot be read from the database, please try again shortly");
        }
        var nodes = PutTogether();
        if (nodes.Any(node => node.IsUp))
            return nodes;
        await ReadAsync(); // The first node of a fleet may have come a moment ago.
        return PutTogether();
    }

    /// <summary>
    /// What follows from the nodes as they are known here. A change made a moment ago may not have been told of here, so
    /// a refusal is given only by what the index says now.
    /// </summary>
    /// <exception cref="HypemanException">What <paramref name="judge"/> refuses.</exception>
    public async Task<T> JudgeAsync<T>(Func<IReadOnlyList<KnownNode>, T> judge)
    {
        var known = await AllAsync();
        try
        {
            return judge(known);
        }
        catch (HypemanException)
        {
            await ReadAsync();
            return judge(PutTogether());
        }
    }

    /// <summary>One of them.</summary>
    /// <exception cref="HypemanException"><c>not_found</c>, <c>ambiguous</c>.</exception>
    public Task<KnownNode> FindAsync(string idOrHostname) => JudgeAsync(nodes => Pick(nodes, idOrHostname));

    /// <summary>One as its row is now, so that a change is seen by who made it; while the database is away, as it was last told.</summary>
    public async Task<KnownNode> LookAsync(KnownNode known)
    {
        try
        {
            return await index.GetAsync(ResourceKind.Node, known.Info.Id) is { } row ? Know(Take(row)) : known;
        }
        catch (Exception error)
        {
            logger.LogDebug(error, "The row of node {Node} cannot be read now", known.Info.Id);
            return known;
        }
    }

    /// <summary>Those whose silo is a member now; at least one.</summary>
    /// <exception cref="HypemanException"><c>unavailable</c> when there is none.</exception>
    public async Task<IReadOnlyList<NodeInfo>> UpAsync()
    {
        var up = (await AllAsync()).Where(node => node.IsUp).Select(node => node.Info).ToList();
        return up.Count > 0
            ? up
            : throw new HypemanException(ErrorKind.Unavailable, "unavailable", "no node is up, please try again shortly");
    }

    /// <summary>The drain of a node, as far as it is known here; one that is Ready has none.</summary>
    public NodeDrain? DrainOf(string node) =>
        _rows.TryGetValue(node, out var entry) && entry.Row.State != nameof(NodeAdmission.Ready) ? entry.Info.Drain : null;

    /// <summary>When the node was removed; null when it was not, or is not known here.</summary>
    public DateTimeOffset? RemovedAt(string node) =>
        _rows.TryGetValue(node, out var entry) ? entry.Info.RemovedAt : null;

    /// <param name="nodes">Among these.</param>
    /// <param name="idOrHostname">An id, a prefix of one, or a host name.</param>
    /// <exception cref="HypemanException"><c>not_found</c>, <c>ambiguous</c>.</exception>
    public static KnownNode Pick(IReadOnlyList<KnownNode> nodes, string idOrHostname)
    {
        var found = nodes.Where(node => node.Info.Id == idOrHostname).ToList();
        if (found.Count == 0)
            found = [.. nodes.Where(node => node.Info.Hostname == idOrHostname)];
        if (found.Count == 0 && idOrHostname.Length > 0)
            found = [.. nodes.Where(node => node.Info.Id.StartsWith(idOrHostname, StringComparison.Ordinal))];
        return found switch
        {
            [var only] => only,
            [] => throw HypemanException.NotFound($"there is no node '{idOrHostname}'"),
            _ => throw new HypemanException(
                ErrorKind.Ambiguous, "ambiguous", $"'{idOrHostname}' means {found.Count} nodes, use the full id"),
        };
    }

    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>();
        await foreach (var change in index.WatchAsync([ResourceKind.Node], cancellationToken))
        {
            if (change.Id is not { } id)
            {
                foreach (var gone in _rows.Keys.Except(seen))
                    Put(gone, null);
                _told.TrySetResult();
                continue;
            }
            seen.Add(id);
            Put(id, change.Row);
        }
    }

    private async Task ReadAsync()
    {
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Node)))
            Take(row);
    }

    private Entry Take(ResourceRow row) =>
        _rows.TryGetValue(row.Id, out var known) && known.Row.Version >= row.Version ? known : Put(row.Id, row)!;

    private Entry? Put(string id, ResourceRow? row)
    {
        var entry = row is null ? null : new Entry(row, ResourceSummary.Read<NodeInfo>(row));
        if (entry is not null)
            _rows[id] = entry;
        else
            _rows.TryRemove(id, out _);
        Interlocked.Increment(ref _changes);
        return entry;
    }

    // A thousand nodes are not looked through for each create, but when one of them or its silo has changed.
    private IReadOnlyList<KnownNode> PutTogether()
    {
        var (changes, moment) = (Volatile.Read(ref _changes), silos.Moment);
        if (Volatile.Read(ref _whole) is { } whole && whole.Changes == changes && whole.Moment.Equals(moment))
            return whole.Nodes;
        IReadOnlyList<KnownNode> nodes = [.. _rows.Values.OrderBy(entry => entry.Row.CreatedAt).Select(Know)];
        Volatile.Write(ref _whole, new Whole(changes, moment, nodes));
        return nodes;
    }

    private KnownNode Know(Entry entry)
    {
        var info = entry.Info;
        var condition = (info.Admission, IsUp: silos.IsUp(info.Id)) switch
        {
            (NodeAdmission.Removed, _) => NodeCondition.Removed,
            (_, false) => NodeCondition.Unreachable,
            (NodeAdmission.Cordoned, true) => NodeCondition.Cordoned,
            (NodeAdmission.Draining, true) => NodeCondition.Draining,
            (NodeAdmission.Ready, true) => NodeCondition.Ready,
        };
        return new KnownNode(info, condition, entry.Row.CreatedAt);
    }

    private sealed record Entry(ResourceRow Row, NodeInfo Info);

    /// <summary>All nodes, as they were at a moment.</summary>
    private sealed record Whole(int Changes, object Moment, IReadOnlyList<KnownNode> Nodes);
}
