using System.Text.Json.Serialization;
using Hypeman.Contracts.Images;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Images;

internal sealed record ImageResponse
{
    public required string Name { get; init; }
    public required string Digest { get; init; }
    public required string Platform { get; init; }
    public required string Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? QueuePosition { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Error { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public long? SizeBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<string>? Cmd { get; init; }

    public IReadOnlyDictionary<string, string>? Env { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? WorkingDir { get; init; }

    public required DateTime CreatedAt { get; init; }

    public static ImageResponse From(ImageInfo info) => new()
    {
        Name = info.Name,
        Digest = info.Digest,
        Platform = info.Platform,
        Status = info.Status.ToString().ToLowerInvariant(),
        QueuePosition = info.QueuePosition,
        Error = info.Error,
        SizeBytes = info.SizeBytes,
        Entrypoint = info.Entrypoint,
        Cmd = info.Cmd,
        Env = info.Env.NullIfEmpty(),
        Tags = info.Tags.NullIfEmpty(),
        WorkingDir = info.WorkingDir,
        CreatedAt = info.CreatedAt.UtcDateTime,
    };
}
