using System.Text.Json.Serialization;
using Hypeman.Contracts.Instances;

namespace Hypeman.Gateway.Instances;

/// <summary>What is at a path in the guest; all fields but the error are always there.</summary>
internal sealed record PathInfoResponse
{
    public required bool Exists { get; init; }
    public required bool IsDir { get; init; }
    public required bool IsFile { get; init; }
    public required bool IsSymlink { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? LinkTarget { get; init; }

    public required uint Mode { get; init; }
    public required long Size { get; init; }
    public string? Error { get; init; }

    public static PathInfoResponse From(GuestPathInfo info) => new()
    {
        Exists = info.Exists,
        IsDir = info.IsDirectory,
        IsFile = info.IsFile,
        IsSymlink = info.IsSymlink,
        LinkTarget = info.LinkTarget,
        Mode = info.Mode,
        Size = info.Size,
        Error = info.Error,
    };
}
