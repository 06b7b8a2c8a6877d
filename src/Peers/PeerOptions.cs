using System.Net;

namespace Hypeman.Peers;

/// <summary>This process among its peers.</summary>
public sealed class PeerOptions
{
    /// <summary>Of the node in this process; empty when it has none.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Where others reach this process; null when it has nothing to offer.</summary>
    public IPEndPoint? EndPoint { get; set; }
}
