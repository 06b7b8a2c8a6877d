namespace Hypeman.Grains.Nodes;

/// <summary>How often a node looks whether records, index and host still agree.</summary>
public sealed class NodeReconcilerOptions
{
    /// <summary>
    /// The pause between two rounds; default 30 seconds. Shorter finds what went wrong sooner, and reads the node's
    /// rows of the index more often.
    /// </summary>
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(30);
}
