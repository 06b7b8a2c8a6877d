namespace Hypeman.Grains.Nodes;

/// <summary>What only the process around a node knows of it.</summary>
public sealed class NodeAddressOptions
{
    /// <summary>Where members of the fleet reach it, <c>10.0.0.5:7443</c>; null when they cannot.</summary>
    public string? PeerAddress { get; set; }
}
