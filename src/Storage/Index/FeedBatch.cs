using System.Data.Common;
using Dapper;
using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>Changes and deletions of some kinds after a revision, and how far one has then read.</summary>
internal sealed record FeedBatch(IReadOnlyList<FeedEntry> Entries, long Next, long Forgotten)
{
    /// <param name="kinds">Words for kinds, never a caller's text: they are written into the SQL.</param>
    public static async Task<FeedBatch> ReadAsync(
        DbConnection connection, string[] kinds, long after, int limit, CancellationToken cancellationToken)
    {
        FeedEntry[] rows = [.. await connection.QueryAsync<FeedEntry>(
            new CommandDefinition(Sql(kinds), new { after, limit }, cancellationToken: cancellationToken))];
        FeedEntry[] entries = [.. rows.Where(r => r.Revision is not null)];
        var next = entries.Length == limit ? entries[^1].Revision!.Value : rows[0].FeedRevision;
        return new FeedBatch(entries, next, rows[0].Forgotten);
    }

    // One statement sees one moment of the database, so the feed's numbers belong to the entries beside them.
    private static string Sql(string[] kinds)
    {
        var words = string.Join(", ", kinds.Select(k => $"'{k}'"));
        return $"""
        SELECT f.revision AS FeedRevision, f.forgotten AS Forgotten, c.*
        FROM resource_feed f
        LEFT JOIN (
            SELECT {ResourceRecord.Columns}, 0 AS Gone
            FROM resources r
            WHERE r.revision > @after AND r.kind IN ({words})
            UNION ALL
            SELECT t.kind, t.id, '', NULL, NULL, 0, '', '', '', 0, 0, t.revision, 1
            FROM resource_tombstones t
            WHERE t.revision > @after AND t.kind IN ({words})
            ORDER BY revision
            LIMIT @limit
        ) c ON TRUE
        ORDER BY c.revision
        """;
    }
}

/// <summary>A changed row or a deletion; without a revision it only carries the feed's own numbers.</summary>
internal sealed record FeedEntry
{
    public long FeedRevision { get; init; }
    public long Forgotten { get; init; }
    public long? Revision { get; init; }
    public int? Gone { get; init; }
    public string? Kind { get; init; }
    public string? Id { get; init; }
    public string? Name { get; init; }
    public string? Parent { get; init; }
    public string? Home { get; init; }
    public long? Epoch { get; init; }
    public string? State { get; init; }
    public string? Tags { get; init; }
    public string? Summary { get; init; }
    public long? Version { get; init; }
    public long? CreatedAt { get; init; }

    public ResourceChange ToChange()
    {
        var kind = Enum.Parse<ResourceKind>(Kind!, ignoreCase: true);
        if (Gone == 1)
            return new ResourceChange(kind, Id, null);
        var record = new ResourceRecord
        {
            Kind = Kind!,
            Id = Id!,
            Name = Name!,
            Parent = Parent,
            Home = Home,
            Epoch = Epoch!.Value,
            State = State!,
            Tags = Tags!,
            Summary = Summary!,
            Version = Version!.Value,
            CreatedAt = CreatedAt!.Value,
        };
        return new ResourceChange(kind, Id, record.ToRow());
    }
}
