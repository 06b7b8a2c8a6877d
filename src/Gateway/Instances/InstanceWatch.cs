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

    /// <summary>Until what was begun has come to its goal or failed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public Task<Followed> UntilAsync(string id, InstanceGoal goal, CancellationToken cancellationToken) => UntilAsync(
        () => grains.Instance(id).FollowAsync(goal, cancellationToken), info => goal.ProgressOf(info) != Progress.Pending, cancellationToken);

    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public Task<Followed> UntilAsync(string id, Func<InstanceInfo, bool> satisfies, CancellationToken cancellationToken) =>
        UntilAsync(() => grains.Instance(id).WatchAsync(cancellationToken), satisfies, cancellationToken);

    private async Task<Followed> UntilAsync(
        Func<IAsyncEnumerable<InstanceInfo>> watch, Func<InstanceInfo, bool> satisfies, CancellationToken cancellationToken)
    {
        InstanceInfo? last = null;
        while (true)
        {
            try
            {
                await foreach (var info in watch().WithCancellation(cancellationToken))
                    if (satisfies(last = info))
                        return new Followed(last, IsGone: false);
                cancellationToken.ThrowIfCancellationRequested();
                return new Followed(last, IsGone: true);
            }
            catch (HypemanException exception) when (exception.Kind == ErrorKind.NotFound)
            {
                return new Followed(last, IsGone: true);
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

/// <summary>How following an instance ended: with the info that satisfied, or with the last one before it was gone.</summary>
internal readonly record struct Followed(InstanceInfo? Last, bool IsGone);
