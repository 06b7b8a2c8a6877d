namespace Hypeman.Client.Instances;

/// <summary>Every text message that comes back, told apart by its type.</summary>
internal sealed record CopyMessage
{
    /// <summary>header, end, result or error.</summary>
    public string Type { get; init; } = "";

    public string? Path { get; init; }
    public uint Mode { get; init; }
    public bool IsDir { get; init; }
    public bool IsSymlink { get; init; }
    public string? LinkTarget { get; init; }
    public long Size { get; init; }
    public long Mtime { get; init; }
    public bool Final { get; init; }
    public bool Success { get; init; }
    public string? Error { get; init; }
    public string? Message { get; init; }
}
