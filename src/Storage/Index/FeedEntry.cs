using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>A changed row or a deletion; without a revision it only carries what is said of the feed itself.</summary>
internal sealed record FeedEntry
{
    /// <summary>Of the whole feed: how far this read has seen.</summary>
    public string Seen { get; init; } = "";

    /// <summary>Of the whole feed: deletions up to this revision are no longer remembered.</summary>
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
