using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Orleans.Runtime;

namespace Hypeman.Gateway.Instances;

/// <summary>
/// Follows an instance until something is so. The grain may move or its silo fail meanwhile: then it is asked anew,
/// and as it begins with the present info nothing is missed.
/// </summary>
internal sealed class InstanceWatch(IGrainFactory grains, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <returns>The first info that satisfies, or null when the instance is gone before one did.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async Task<InstanceInfo?> UntilAsync(
        string id, Func<InstanceInfo, bool> satisfies, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await foreach (var info in grains.Instance(id).WatchAsync(cancellationToken).WithCancellation(cancellationToken))
                    if (satisfies(info))
                        return info;
                cancellationToken.ThrowIfCancellationRequested();
                return null;
            }
            catch (HypemanException exception) when (exception.Kind == ErrorKind.NotFound)
            {
                return null;
            }
            catch (Exception exception) when (IsInterruption(exception))
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    private static bool IsInterruption(Exception exception) => exception
        is EnumerationAbortedException or SiloUnavailableException or OrleansMessageRejectionException or TimeoutException;
}
