using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Hypeman.Client.Images;
using Hypeman.Client.Certificates;
using Hypeman.Client.Ingresses;
using Hypeman.Client.Instances;
using Hypeman.Client.Nodes;
using Hypeman.Client.Snapshots;

namespace Hypeman.Client.Http;

/// <summary>JSON as the API writes it. Fields that this client does not know are kept and written back.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(Instance))]
[JsonSerializable(typeof(List<Instance>))]
[JsonSerializable(typeof(CreateInstance))]
[JsonSerializable(typeof(StartInstance))]
[JsonSerializable(typeof(StandbyInstance))]
[JsonSerializable(typeof(UpdateInstance))]
[JsonSerializable(typeof(ForkInstance))]
[JsonSerializable(typeof(MoveInstance))]
[JsonSerializable(typeof(AutoStandbyStatus))]
[JsonSerializable(typeof(WaitResult))]
[JsonSerializable(typeof(PathInfo))]
[JsonSerializable(typeof(InstanceStats))]
[JsonSerializable(typeof(List<InstanceStats>))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(CopyRequest))]
[JsonSerializable(typeof(CopyMessage))]
[JsonSerializable(typeof(Image))]
[JsonSerializable(typeof(List<Image>))]
[JsonSerializable(typeof(CreateImage))]
[JsonSerializable(typeof(Certificate))]
[JsonSerializable(typeof(List<Certificate>))]
[JsonSerializable(typeof(Ingress))]
[JsonSerializable(typeof(List<Ingress>))]
[JsonSerializable(typeof(CreateIngress))]
[JsonSerializable(typeof(Snapshot))]
[JsonSerializable(typeof(List<Snapshot>))]
[JsonSerializable(typeof(CreateSnapshot))]
[JsonSerializable(typeof(SnapshotSchedule))]
[JsonSerializable(typeof(SetSchedule))]
[JsonSerializable(typeof(RestoreSnapshot))]
[JsonSerializable(typeof(ForkSnapshot))]
[JsonSerializable(typeof(DrainNode))]
[JsonSerializable(typeof(DrainPlan))]
[JsonSerializable(typeof(NodeDrain))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(List<Node>))]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(string))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    public static JsonTypeInfo<T> Of<T>() =>
        (JsonTypeInfo<T>)(Default.GetTypeInfo(typeof(T)) ?? throw new NotSupportedException($"{typeof(T)} is no type of the API."));
}

/// <summary>The shape of every error.</summary>
internal sealed record ErrorBody(string? Code, string? Message);

/// <summary>A resource of the API, with what this client has no name for.</summary>
public abstract record ApiResource
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public static class ApiText
{
    private static readonly JsonSerializerOptions Indented = new(ApiJson.Default.Options) { WriteIndented = true };

    /// <summary>A resource as indented JSON, in the API's words.</summary>
    public static string Write<T>(T value) =>
        JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Indented.GetTypeInfo(typeof(T)));
}
