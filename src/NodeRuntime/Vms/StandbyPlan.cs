namespace Hypeman.NodeRuntime.Vms;

/// <summary>What of a memory is written.</summary>
internal static class StandbyPlan
{
    /// <summary>
    /// Changes are copied into memory at each restore, and written again at each standby, while a base is neither. So from
    /// some size on a new base is the better bargain.
    /// </summary>
    private const int LeastShare = 2;

    /// <summary>Whether to write only what has changed since the base.</summary>
    internal static bool IsDifferential(long changedBytes, long baseBytes) => changedBytes <= baseBytes / LeastShare;
}
