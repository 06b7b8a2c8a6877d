using System.Text.Json.Serialization;

namespace Hypeman.Gateway.Streams;

/// <summary>The last message of an exec.</summary>
internal sealed record ExecExit([property: JsonPropertyName("exitCode")] int ExitCode);

/// <summary>Why an exec did not begin.</summary>
internal sealed record ExecRefusal(string Error);

/// <summary>The last message of a copy to the guest.</summary>
internal sealed record CopyResult
{
    [JsonPropertyOrder(-1)] public string Type { get; } = "result";
    public required bool Success { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long BytesWritten { get; init; }

    public string? Error { get; init; }
}

/// <summary>One entry of a copy from the guest begins.</summary>
internal sealed record CopyHeader
{
    [JsonPropertyOrder(-1)] public string Type { get; } = "header";
    public required string Path { get; init; }
    public required uint Mode { get; init; }
    public required bool IsDir { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsSymlink { get; init; }

    public string? LinkTarget { get; init; }
    public required long Size { get; init; }
    public required long Mtime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint Uid { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint Gid { get; init; }
}

/// <summary>An entry is complete.</summary>
internal sealed record CopyEnd(bool Final)
{
    [JsonPropertyOrder(-1)] public string Type { get; } = "end";
}

/// <summary>A copy failed.</summary>
internal sealed record CopyError(string Message, string? Path)
{
    [JsonPropertyOrder(-1)] public string Type { get; } = "error";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExecExit))]
[JsonSerializable(typeof(ExecRefusal))]
[JsonSerializable(typeof(CopyResult))]
[JsonSerializable(typeof(CopyHeader))]
[JsonSerializable(typeof(CopyEnd))]
[JsonSerializable(typeof(CopyError))]
internal sealed partial class StreamJson : JsonSerializerContext;
