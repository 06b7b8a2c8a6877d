using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>What is at a path in an instance; the mode is that of <c>chmod</c>, as a number.</summary>
public sealed record PathInfo : ApiResource
{
    public bool Exists { get; init; }
    public bool IsDir { get; init; }
    public bool IsFile { get; init; }
    public bool IsSymlink { get; init; }
    public string? LinkTarget { get; init; }
    public int? Mode { get; init; }
    public long? Size { get; init; }
    public string? Error { get; init; }
}
