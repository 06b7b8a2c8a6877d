namespace Hypeman.Grains.Instances.Health;

/// <summary>How the instances of a silo are probed.</summary>
public sealed class HealthOptions
{
    /// <summary>
    /// The most probes at a time; default 64. More ask more instances that answer slowly without falling behind; fewer spare
    /// the host when many were started at once.
    /// </summary>
    public int AtOnce { get; set; } = 64;
}
