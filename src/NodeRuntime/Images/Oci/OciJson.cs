using System.Text.Json.Serialization;

namespace Hypeman.NodeRuntime.Images.Oci;

/// <summary>The documents of an image as they are written; nothing in them is checked.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(ManifestJson))]
[JsonSerializable(typeof(ConfigJson))]
internal sealed partial class OciJson : JsonSerializerContext;

internal sealed record ManifestJson
{
    public int SchemaVersion { get; init; }
    public string? MediaType { get; init; }
    public DescriptorJson? Config { get; init; }
    public List<DescriptorJson>? Layers { get; init; }
    public List<DescriptorJson>? Manifests { get; init; }
}

internal sealed record DescriptorJson
{
    public string? MediaType { get; init; }
    public string? Digest { get; init; }
    public long Size { get; init; }
    public PlatformJson? Platform { get; init; }
}

internal sealed record PlatformJson
{
    public string? Os { get; init; }
    public string? Architecture { get; init; }
    public string? Variant { get; init; }
}

internal sealed record ConfigJson
{
    public string? Os { get; init; }
    public string? Architecture { get; init; }
    public string? Variant { get; init; }
    public ProgramJson? Config { get; init; }
    public RootfsJson? Rootfs { get; init; }
}

internal sealed record RootfsJson
{
    [JsonPropertyName("diff_ids")] public List<string>? DiffIds { get; init; }
}

internal sealed record ProgramJson
{
    [JsonPropertyName("Entrypoint")] public List<string>? Entrypoint { get; init; }
    [JsonPropertyName("Cmd")] public List<string>? Cmd { get; init; }
    [JsonPropertyName("Env")] public List<string>? Env { get; init; }
    [JsonPropertyName("WorkingDir")] public string? WorkingDir { get; init; }
    [JsonPropertyName("User")] public string? User { get; init; }
    [JsonPropertyName("StopSignal")] public string? StopSignal { get; init; }
}
