using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Images;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Snapshots;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>How one thing that moves is doing.</summary>
/// <param name="State">Where it is with it.</param>
/// <param name="Error">Why it stayed; null when it never set out.</param>
internal readonly record struct DrainProgress(DrainProgress.Step State, string? Error = null)
{
    internal enum Step
    {
        UnderWay,
        Arrived,
        Stayed,

        /// <summary>It was deleted.</summary>
        Gone,
    }
}

/// <summary>Has instances, snapshots and images move, and looks how they are doing.</summary>
internal sealed class DrainMoves(IResourceIndex index, IGrainFactory grains)
{
    /// <exception cref="HypemanException"><c>invalid_state</c>; <c>unavailable</c></exception>
    public Task BeginAsync(DrainMove move) => move.Kind switch
    {
        DrainKind.Instance => Instance(move).MoveAsync(
            move.Target, move switch { { Suspend: true } => DrainRunning.Suspend, { Restart: true } => DrainRunning.Restart, _ => DrainRunning.Leave }),
        DrainKind.Image or DrainKind.Snapshot => Task.CompletedTask, // Begun by the first look.
    };

    public async Task CancelAsync(DrainMove move)
    {
        try
        {
            if (move.Kind == DrainKind.Instance)
                await Instance(move).CancelMoveAsync();
        }
        catch (Exception error) when (error is HypemanException or OrleansException or TimeoutException)
        {
            // It is gone, or is asked again in the next round.
        }
    }

    public async Task<DrainProgress> LookAsync(string node, DrainMove move, CancellationToken cancellationToken)
    {
        if (await index.GetAsync(KindOf(move), move.Id, cancellationToken) is not { } row)
            return new DrainProgress(DrainProgress.Step.Gone);
        if (move.Kind != DrainKind.Instance && row.Home != node)
            return new DrainProgress(DrainProgress.Step.Arrived);
        return move.Kind switch
        {
            DrainKind.Instance => Look(node, ResourceSummary.Read<InstanceInfo>(row)),
            DrainKind.Image => await CarryAsync(() => CarryAsync(move, ResourceSummary.Read<ImageInfo>(row))),
            DrainKind.Snapshot => await CarryAsync(() => CarryAsync(move)),
        };
    }

    private static ResourceKind KindOf(DrainMove move) => move.Kind switch
    {
        DrainKind.Instance => ResourceKind.Instance,
        DrainKind.Image => ResourceKind.Image,
        DrainKind.Snapshot => ResourceKind.Snapshot,
    };

    private static DrainProgress Look(string node, InstanceInfo instance) =>
        instance.MovesTo is not null ? new DrainProgress(DrainProgress.Step.UnderWay)
        : instance.Home == node ? new DrainProgress(DrainProgress.Step.Stayed, instance.MoveError)
        : new DrainProgress(DrainProgress.Step.Arrived);

    // 1 the root is there too  2 the record says so. Until then the image is used here, as ever.
    private async Task<bool> CarryAsync(DrainMove move, ImageInfo image) =>
        (image.Status == ImageStatus.Failed || await grains.Node(move.Target).FetchImageAsync(image))
        && await grains.GetGrain<IImageMoves>(GrainKeys.ImagePrefix + move.Id).MoveAsync(move.Target, image.Digest);

    // 1 a copy is there too  2 the record says so. What is here then is found not to live here.
    private async Task<bool> CarryAsync(DrainMove move) =>
        await grains.Node(move.Target).FetchSnapshotAsync(move.Id)
        && await grains.GetGrain<ISnapshotUses>(GrainKeys.SnapshotPrefix + move.Id).MoveAsync(move.Target);

    private static async Task<DrainProgress> CarryAsync(Func<Task<bool>> carry)
    {
        try
        {
            return new DrainProgress(await carry() ? DrainProgress.Step.Arrived : DrainProgress.Step.UnderWay);
        }
        catch (HypemanException error) when (error.Kind != ErrorKind.Unavailable)
        {
            return new DrainProgress(DrainProgress.Step.Stayed, error.Message);
        }
        catch (Exception error) when (error is HypemanException or OrleansException or TimeoutException)
        {
            // The other node is away. It may be another one then.
            return new DrainProgress(DrainProgress.Step.Stayed);
        }
    }

    private IInstanceMoves Instance(DrainMove move) => grains.GetGrain<IInstanceMoves>(GrainKeys.InstancePrefix + move.Id);
}
