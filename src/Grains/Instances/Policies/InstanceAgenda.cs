namespace Hypeman.Grains.Instances.Policies;

/// <summary>What an instance has to do by itself, and when. Pure; done by <see cref="InstanceObservation.Correct"/>.</summary>
internal static class InstanceAgenda
{
    /// <summary>The next moment at which it must be looked at without anything having happened; null when there is none.</summary>
    public static DateTimeOffset? DueAt(InstanceState state) =>
        Earliest(InstanceExpiry.DueAt(state), InstanceRestart.DueAt(state));

    private static DateTimeOffset? Earliest(DateTimeOffset? one, DateTimeOffset? other) => one < other ? one : other ?? one;
}
