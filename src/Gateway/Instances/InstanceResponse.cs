using System.Text.Json.Serialization;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Instances.Policies;
using Hypeman.Gateway.Snapshots;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances;

internal sealed record InstanceResponse
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Image { get; init; }
    public required string Platform { get; init; }
    public required string State { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? StateError { get; init; }

    public required string Size { get; init; }
    public required string HotplugSize { get; init; }
    public required string OverlaySize { get; init; }
    public required int Vcpus { get; init; }
    public string? DiskIoBps { get; init; }
    public IReadOnlyDictionary<string, string>? Env { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public required InstanceNetworkResponse Network { get; init; }
    public required DateTime CreatedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? ExpiresAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? StartedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? StoppedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? ExitCode { get; init; }

    public string? ExitMessage { get; init; }
    public required bool HasSnapshot { get; init; }
    public required string Hypervisor { get; init; }

    /// <summary>The node it lives on. Ours, like <c>placement</c>.</summary>
    public required string Node { get; init; }

    public PlacementResponse? Placement { get; init; }
    public SnapshotPolicyResponse? SnapshotPolicy { get; init; }
    public AutoStandbyResponse? AutoStandby { get; init; }
    public HealthCheckResponse? HealthCheck { get; init; }
    public required HealthStatusResponse HealthStatus { get; init; }
    public RestartPolicyResponse? RestartPolicy { get; init; }
    public RestartStatusResponse? RestartStatus { get; init; }
    public required IReadOnlyDictionary<string, long> PhaseDurationsMs { get; init; }
    public required string CurrentPhase { get; init; }
    public required DateTime CurrentPhaseSince { get; init; }

    /// <param name="info">What is known.</param>
    /// <param name="now">The stay in the present phase is counted up to here.</param>
    public static InstanceResponse From(InstanceInfo info, DateTimeOffset now)
    {
        var spec = info.Spec;
        return new InstanceResponse
        {
            Id = info.Id,
            Name = spec.Name,
            Image = info.Image,
            Platform = info.Platform,
            State = info.Phase.ToString(),
            StateError = info.StateError,
            Size = Sizes.Print(spec.MemoryBytes),
            HotplugSize = Sizes.Print(spec.HotplugBytes),
            OverlaySize = Sizes.Print(spec.OverlayBytes),
            Vcpus = spec.Vcpus,
            DiskIoBps = Sizes.PrintRate(spec.DiskBytesPerSecond),
            Env = spec.Env.NullIfEmpty(),
            Tags = spec.Tags.NullIfEmpty(),
            Network = InstanceNetworkResponse.From(info),
            CreatedAt = info.CreatedAt.UtcDateTime,
            ExpiresAt = info.ExpiresAt?.UtcDateTime,
            StartedAt = info.StartedAt?.UtcDateTime,
            StoppedAt = info.StoppedAt?.UtcDateTime,
            ExitCode = info.ExitCode,
            ExitMessage = info.ExitMessage,
            HasSnapshot = info.HasSnapshot,
            Hypervisor = info.Hypervisor,
            Node = info.Home,
            Placement = PlacementResponse.From(spec.Placement),
            SnapshotPolicy = SnapshotPolicyResponse.From(spec.SnapshotPolicy),
            AutoStandby = AutoStandbyResponse.From(spec.AutoStandby),
            HealthCheck = HealthCheckResponse.From(spec.HealthCheck),
            HealthStatus = HealthStatusResponse.From(info.Health),
            RestartPolicy = RestartPolicyResponse.From(spec.RestartPolicy),
            RestartStatus = RestartStatusResponse.From(info.Restart),
            PhaseDurationsMs = DurationsUntil(now, info),
            CurrentPhase = PhaseKey(info.Phase),
            CurrentPhaseSince = info.PhaseSince.UtcDateTime,
        };
    }

    private static SortedDictionary<string, long> DurationsUntil(DateTimeOffset now, InstanceInfo info)
    {
        var durations = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (phase, milliseconds) in info.PhaseDurationsMs)
            durations[phase] = milliseconds;
        var present = (long)Math.Max(0, (now - info.PhaseSince).TotalMilliseconds);
        durations[PhaseKey(info.Phase)] = durations.GetValueOrDefault(PhaseKey(info.Phase)) + present;
        return durations;
    }

    private static string PhaseKey(InstancePhase phase) => phase.ToString().ToLowerInvariant();
}

internal sealed record InstanceNetworkResponse
{
    public required bool Enabled { get; init; }
    public string? Name { get; init; }
    public string? Ip { get; init; }
    public string? Mac { get; init; }
    public string? BandwidthDownload { get; init; }
    public string? BandwidthUpload { get; init; }

    public static InstanceNetworkResponse From(InstanceInfo info) => info.Spec.NetworkEnabled
        ? new InstanceNetworkResponse
        {
            Enabled = true,
            Name = "default",
            Ip = info.Ip,
            Mac = info.Mac,
            BandwidthDownload = Sizes.PrintRate(info.Spec.DownloadBytesPerSecond),
            BandwidthUpload = Sizes.PrintRate(info.Spec.UploadBytesPerSecond),
        }
        : new InstanceNetworkResponse { Enabled = false };
}

internal sealed record PlacementResponse(string? Node, IReadOnlyDictionary<string, string>? Labels, string? SpreadGroup)
{
    public static PlacementResponse? From(PlacementSpec? placement) =>
        placement is null ? null : new(placement.Node, placement.Labels.NullIfEmpty(), placement.SpreadGroup);
}
