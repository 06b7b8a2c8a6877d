namespace Hypeman.Contracts.Images;

/// <summary>What a caller may know about an image; also its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.image-info")]
public sealed record ImageInfo
{
    /// <summary>The normalized reference, for example <c>docker.io/library/alpine:latest</c>.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Of the platform's manifest, not of an index.</summary>
    [Id(1)] public required string Digest { get; init; }

    [Id(2)] public required string Platform { get; init; }
    [Id(3)] public required ImageStatus Status { get; init; }

    /// <summary>1 for the next one to be worked on; null when not waiting.</summary>
    [Id(4)] public int? QueuePosition { get; init; }

    [Id(5)] public string? Error { get; init; }

    /// <summary>Of the root disk; null until ready.</summary>
    [Id(6)] public long? SizeBytes { get; init; }

    [Id(7)] public IReadOnlyList<string>? Entrypoint { get; init; }
    [Id(8)] public IReadOnlyList<string>? Cmd { get; init; }
    [Id(9)] public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
    [Id(10)] public string? WorkingDir { get; init; }
    [Id(11)] public string? User { get; init; }
    [Id(12)] public string? StopSignal { get; init; }
    [Id(13)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    [Id(14)] public required DateTimeOffset CreatedAt { get; init; }
}
