namespace Hypeman.Grains.Records;

/// <summary>
/// The time by which grains decide. Not the container's TimeProvider: Orleans runs its own timers on that one, and
/// tests move only ours.
/// </summary>
public sealed class GrainClock(TimeProvider time)
{
    public TimeProvider Time { get; } = time;

    public DateTimeOffset Now => Time.GetUtcNow();
}
