namespace Hypeman.Peers.Connections;

/// <summary>A node that other members of the fleet can reach.</summary>
/// <param name="NodeId">Of the node.</param>
/// <param name="Address">For example <c>https://10.0.0.5:7443</c>.</param>
public sealed record Peer(string NodeId, Uri Address)
{
    /// <param name="nodeId">Of the node.</param>
    /// <param name="address">As its row in the index has it, <c>10.0.0.5:7443</c>.</param>
    public static Peer? From(string nodeId, string? address) =>
        address is not null && Uri.TryCreate($"https://{address}", UriKind.Absolute, out var uri) ? new Peer(nodeId, uri) : null;
}
