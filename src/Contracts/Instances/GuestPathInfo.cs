namespace Hypeman.Contracts.Instances;

/// <summary>What is at a path in the guest.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-path")]
public sealed record GuestPathInfo
{
    [Id(0)] public required bool Exists { get; init; }
    [Id(1)] public bool IsDirectory { get; init; }
    [Id(2)] public bool IsFile { get; init; }
    [Id(3)] public bool IsSymlink { get; init; }
    [Id(4)] public string? LinkTarget { get; init; }
    [Id(5)] public uint Mode { get; init; }
    [Id(6)] public long Size { get; init; }
    [Id(7)] public string? Error { get; init; }
}
