using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.Gateway.Errors;
using Hypeman.Gateway.Health;
using Hypeman.Gateway.Images;
using Hypeman.Gateway.Certificates;
using Hypeman.Gateway.Ingresses;
using Hypeman.Gateway.Instances;
using Hypeman.Gateway.Instances.Policies;
using Hypeman.Gateway.Nodes;
using Hypeman.Gateway.Snapshots;
using Hypeman.Gateway.Snapshots.Schedules;

namespace Hypeman.Gateway;

/// <summary>How answers are written: snake case, what is null left out unless the field says otherwise.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AutoStandbyStatusResponse))]
[JsonSerializable(typeof(CapabilitiesResponse))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(ImageResponse))]
[JsonSerializable(typeof(IAsyncEnumerable<ImageResponse>))]
[JsonSerializable(typeof(CertificateResponse))]
[JsonSerializable(typeof(IAsyncEnumerable<CertificateResponse>))]
[JsonSerializable(typeof(IngressResponse))]
[JsonSerializable(typeof(IAsyncEnumerable<IngressResponse>))]
[JsonSerializable(typeof(InstanceResponse))]
[JsonSerializable(typeof(IAsyncEnumerable<InstanceResponse>))]
[JsonSerializable(typeof(InstanceStatsResponse))]
[JsonSerializable(typeof(DrainPlanResponse))]
[JsonSerializable(typeof(DrainResponse))]
[JsonSerializable(typeof(NodeResponse))]
[JsonSerializable(typeof(List<NodeResponse>))]
[JsonSerializable(typeof(PathInfoResponse))]
[JsonSerializable(typeof(ScheduleResponse))]
[JsonSerializable(typeof(SnapshotResponse))]
[JsonSerializable(typeof(IAsyncEnumerable<SnapshotResponse>))]
[JsonSerializable(typeof(WaitForStateResponse))]
[JsonSerializable(typeof(string))]
internal sealed partial class ApiJson : JsonSerializerContext;
