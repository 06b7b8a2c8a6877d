using Hypeman.Contracts;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>Follows an instance until something is so.</summary>
internal sealed class InstanceWatch(IGrainFactory grains, GrainWatch watch)
{
    /// <summary>Until what was begun has come to its goal or failed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public Task<Followed<InstanceInfo>> UntilAsync(string id, InstanceGoal goal, CancellationToken cancellationToken) => watch.UntilAsync(
        () => grains.Instance(id).FollowAsync(goal, cancellationToken), info => goal.ProgressOf(info) != Progress.Pending, cancellationToken);

    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public Task<Followed<InstanceInfo>> UntilAsync(string id, Func<InstanceInfo, bool> satisfies, CancellationToken cancellationToken) =>
        watch.UntilAsync(() => grains.Instance(id).WatchAsync(cancellationToken), satisfies, cancellationToken);
}
