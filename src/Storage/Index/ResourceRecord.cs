using System.Text.Json;
using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>A row of <c>resources</c> as the database has it.</summary>
internal sealed record ResourceRecord
{
    /// <summary>In the order of the table.</summary>
    public const string Columns =
        "r.kind, r.id, r.name, r.parent, r.home, r.epoch, r.state, r.tags, r.summary, r.version, r.created_at AS CreatedAt, r.revision";

    public string Kind { get; init; } = "";
    public string Id { get; init; } = "";
    public string Name { get; init; } = "";
    public string? Parent { get; init; }
    public string? Home { get; init; }
    public long Epoch { get; init; }
    public string State { get; init; } = "";
    public string Tags { get; init; } = "{}";
    public string Summary { get; init; } = "";
    public long Version { get; init; }
    public long CreatedAt { get; init; }
    public long Revision { get; init; }

    public static ResourceRecord Of(ResourceRow row) => new()
    {
        Kind = Word(row.Kind),
        Id = row.Id,
        Name = row.Name,
        Parent = row.Parent,
        Home = row.Home,
        Epoch = row.Epoch,
        State = row.State,
        Tags = JsonSerializer.Serialize(row.Tags.OrderBy(t => t.Key, StringComparer.Ordinal).ToDictionary()),
        Summary = row.Summary,
        Version = row.Version,
        CreatedAt = Microseconds(row.CreatedAt),
    };

    public ResourceRow ToRow() => new()
    {
        Kind = Enum.Parse<ResourceKind>(Kind, ignoreCase: true),
        Id = Id,
        Name = Name,
        Parent = Parent,
        Home = Home,
        Epoch = Epoch,
        State = State,
        Tags = JsonSerializer.Deserialize<Dictionary<string, string>>(Tags) ?? [],
        Summary = Summary,
        Version = Version,
        CreatedAt = DateTimeOffset.UnixEpoch.AddTicks(CreatedAt * TimeSpan.TicksPerMicrosecond),
    };

    public static string Word(ResourceKind kind) => kind.ToString().ToLowerInvariant();

    public static long Microseconds(DateTimeOffset time) =>
        (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
