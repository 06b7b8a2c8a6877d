using Hypeman.Client.Http;

namespace Hypeman.Client.Nodes;

/// <summary>A host of the fleet as the server tells of it.</summary>
public sealed record Node : ApiResource
{
    public required string Id { get; init; }
    public required string Hostname { get; init; }

    /// <summary><c>ready</c>, <c>cordoned</c>, <c>draining</c>, <c>unreachable</c> or <c>removed</c>.</summary>
    public required string State { get; init; }

    public required string Version { get; init; }
    public required string Accelerator { get; init; }
    public required string Platform { get; init; }
    public IReadOnlyList<string> Hypervisors { get; init; } = [];
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public required NodeCapacity Capacity { get; init; }

    /// <summary>Null while the node does not answer.</summary>
    public NodeFree? Free { get; init; }

    public int? Instances { get; init; }

    /// <summary>Null while the node does not answer, and where there is none.</summary>
    public NodeIngress? Ingress { get; init; }

    /// <summary>Seconds since its last sign of life.</summary>
    public double? HeartbeatAge { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>The drain under way, or the last one.</summary>
    public NodeDrain? Drain { get; init; }
}

/// <summary>What a node has for instances.</summary>
public sealed record NodeCapacity(int Cpus, long MemoryBytes, long DiskBytes);

/// <summary>How customers' traffic is taken in on a node.</summary>
/// <param name="State"><c>starting</c>, <c>ready</c> or <c>degraded</c>.</param>
/// <param name="Reason">Why it is degraded.</param>
/// <param name="Port">Where rules for port 80 are served.</param>
/// <param name="Rules">How many there are.</param>
/// <param name="OpenRequests">That are being answered.</param>
/// <param name="WaitingRequests">Those of them that wait for an instance to wake.</param>
public sealed record NodeIngress(string State, string? Reason, int Port, int Rules, long OpenRequests, int WaitingRequests);

/// <summary>What of it no instance was promised.</summary>
public sealed record NodeFree(long MemoryBytes, long DiskBytes);

/// <summary>The hosts of the fleet.</summary>
public sealed class NodesClient
{
    private readonly ApiConnection _api;

    internal NodesClient(ApiConnection api) => _api = api;

    public Task<List<Node>> ListAsync(CancellationToken cancellationToken) => _api.GetAsync<List<Node>>("nodes", cancellationToken);

    public Task<Node> GetAsync(string id, CancellationToken cancellationToken) => _api.GetAsync<Node>(PathOf(id), cancellationToken);

    public Task<Node> CordonAsync(string id, CancellationToken cancellationToken) =>
        _api.PostAsync<Node>($"{PathOf(id)}/cordon", cancellationToken);

    public Task<Node> UncordonAsync(string id, CancellationToken cancellationToken) =>
        _api.PostAsync<Node>($"{PathOf(id)}/uncordon", cancellationToken);

    /// <param name="id">Of the node.</param>
    /// <param name="running"><c>leave</c>, <c>restart</c> or <c>suspend</c>: what is done with instances that run.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<NodeDrain> DrainAsync(string id, string running, CancellationToken cancellationToken) =>
        _api.PostAsync<DrainNode, NodeDrain>($"{PathOf(id)}/drain", new DrainNode(Running: running), cancellationToken);

    /// <inheritdoc cref="DrainAsync"/>
    public Task<DrainPlan> PlanDrainAsync(string id, string running, CancellationToken cancellationToken) =>
        _api.PostAsync<DrainNode, DrainPlan>($"{PathOf(id)}/drain", new DrainNode(Plan: true, running), cancellationToken);

    public Task<NodeDrain> CancelDrainAsync(string id, CancellationToken cancellationToken) =>
        _api.DeleteAsync<NodeDrain>($"{PathOf(id)}/drain", cancellationToken);

    public Task RemoveAsync(string id, CancellationToken cancellationToken) => _api.DeleteAsync(PathOf(id), cancellationToken);

    private static string PathOf(string id) => $"nodes/{Uri.EscapeDataString(id)}";
}
