namespace Hypeman.Grains.Instances;

/// <summary>How long each transient state of an instance may last, and the pauses between attempts.</summary>
internal static class InstanceTiming
{
    /// <summary>The guest's time to end by itself when it is asked.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <summary>From the start of the VM to a ready guest. Late is noted, not punished: a guest may be slow.</summary>
    public static readonly TimeSpan Boot = TimeSpan.FromMinutes(5);

    /// <summary>From the end of the guest to the end of its VM; then the VM is stopped.</summary>
    public static readonly TimeSpan Ending = TimeSpan.FromMinutes(1);

    /// <summary>For what comes before an instance leaves its home; most of it is the end of its VM.</summary>
    public static readonly TimeSpan Departure = TimeSpan.FromMinutes(2);

    /// <summary>Without a word from the node that has its disk, an instance that is moved goes home again.</summary>
    public static readonly TimeSpan SourceSilence = TimeSpan.FromMinutes(5);

    /// <summary>For another node to remove a copy; it does so by itself later.</summary>
    public static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(5);

    /// <summary>From the beginning of an operation to its last attempt. A delete is attempted until it is done.</summary>
    public static TimeSpan Deadline(OperationKind kind) => kind switch
    {
        // Includes fetching the image's root, when the node that was picked does not hold it.
        OperationKind.Create or OperationKind.Start or OperationKind.Fork or OperationKind.Revert => TimeSpan.FromMinutes(10),
        OperationKind.Stop or OperationKind.Delete => TimeSpan.FromMinutes(2),
        // All of the largest memory there may be, at some 100 MB a second; a restore reads only what it touches.
        OperationKind.Standby or OperationKind.Restore => TimeSpan.FromMinutes(5),
        // The largest disk there may be, at some 15 MB a second.
        OperationKind.Move => TimeSpan.FromHours(2),
    };

    /// <summary>The pause after the nth failure in a row.</summary>
    public static TimeSpan Backoff(int failures) =>
        TimeSpan.FromMilliseconds(Math.Min(15_000, 100 * Math.Pow(2, Math.Min(failures, 20))));
}
