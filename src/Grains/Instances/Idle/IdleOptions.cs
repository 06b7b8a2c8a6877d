namespace Hypeman.Grains.Instances.Idle;

/// <summary>How the instances of a silo are put to sleep when nobody uses them.</summary>
public sealed class IdleOptions
{
    /// <summary>
    /// The most at a time; default 16. More empties a node faster after a rush; fewer leaves more of its disk to those that run.
    /// </summary>
    public int AtOnce { get; set; } = 16;
}
