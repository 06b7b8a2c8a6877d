using Hypeman.Contracts.Nodes;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Nodes;

internal sealed record NodeResponse
{
    public required string Id { get; init; }
    public required string Hostname { get; init; }
    public required string State { get; init; }
    public required string Version { get; init; }
    public required IReadOnlyList<string> Hypervisors { get; init; }
    public required string Accelerator { get; init; }
    public required string Platform { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public required NodeCapacityResponse Capacity { get; init; }

    /// <summary>Null while the node does not answer.</summary>
    public NodeFreeResponse? Free { get; init; }

    public int? Instances { get; init; }

    /// <summary>Null while the node does not answer, and where there is none.</summary>
    public NodeIngressResponse? Ingress { get; init; }

    /// <summary>Seconds since its last sign of life.</summary>
    public double? HeartbeatAge { get; init; }

    public required DateTime CreatedAt { get; init; }
    public DateTime? RemovedAt { get; init; }

    /// <summary>The drain under way, or the last one.</summary>
    public DrainResponse? Drain { get; init; }

    public static NodeResponse From(NodeView node, DateTimeOffset now) => new()
    {
        Id = node.Info.Id,
        Hostname = node.Info.Hostname,
        State = StateOf(node),
        Version = node.Info.Version,
        Hypervisors = node.Info.Hypervisors,
        Accelerator = node.Info.Accelerator,
        Platform = node.Info.Platform,
        Labels = node.Info.Labels.NullIfEmpty(),
        Capacity = new NodeCapacityResponse(node.Info.Cpus, node.Info.MemoryBytes, node.Info.DiskBytes),
        Free = node.Load is { } load ? new NodeFreeResponse(load.FreeMemoryBytes, load.FreeDiskBytes) : null,
        Instances = node.Load?.Instances,
        Ingress = node.Load?.Ingress is { } ingress ? NodeIngressResponse.From(ingress) : null,
        HeartbeatAge = node.SeenAt is { } at ? Math.Max(0, Math.Round((now - at).TotalSeconds, 1)) : null,
        CreatedAt = node.CreatedAt.UtcDateTime,
        RemovedAt = node.Info.RemovedAt?.UtcDateTime,
        Drain = node.Info.Drain is { } drain ? DrainResponse.From(drain) : null,
    };

    public static string StateOf(NodeView node) => node.Condition.ToString().ToLowerInvariant();
}

internal sealed record NodeCapacityResponse(int Cpus, long MemoryBytes, long DiskBytes);

/// <summary>The ingress of a node's process.</summary>
internal sealed record NodeIngressResponse(string State, string? Reason, int Port, int Rules, long OpenRequests, int WaitingRequests)
{
    public static NodeIngressResponse From(IngressHealth health) => new(
        health.Condition.ToString().ToLowerInvariant(), health.Reason, health.Port, health.Rules, health.OpenRequests, health.WaitingRequests);
}

internal sealed record NodeFreeResponse(long MemoryBytes, long DiskBytes);
