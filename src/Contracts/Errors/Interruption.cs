using Orleans.Runtime;

namespace Hypeman.Contracts.Errors;

/// <summary>
/// What a call of a grain fails with when the grain moves or its silo dies under it: nothing is known of its outcome, and it is
/// worth asking again.
/// </summary>
public static class Interruption
{
    /// <summary>Before a grain is asked again: about as long as its next activation takes.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static bool IsInterruption(this Exception exception) => exception
        is EnumerationAbortedException or SiloUnavailableException or OrleansMessageRejectionException or TimeoutException;
}
