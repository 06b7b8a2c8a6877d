namespace Hypeman.Grains.Nodes.Draining;

/// <summary>How fast a node is drained.</summary>
public sealed class DrainOptions
{
    /// <summary>The pause between two looks at what moves; default 1 second.</summary>
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Things that move at the same time; default 2. More make the drain faster, and what runs on the node slower.</summary>
    public int AtOnce { get; set; } = 2;

    /// <summary>While no node takes anything, for nodes to come back; default 1 minute. Then what is left is left.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(1);
}
