namespace Hypeman.Client.Instances;

/// <summary>The first message of a copy.</summary>
internal sealed record CopyRequest
{
    public required string Direction { get; init; }
    public required string GuestPath { get; init; }
    public bool IsDir { get; init; }
    public uint Mode { get; init; }
    public bool FollowLinks { get; init; }
    public string? SrcBasename { get; init; }
}
