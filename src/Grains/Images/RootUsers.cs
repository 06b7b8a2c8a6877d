using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Nodes;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Images;

/// <summary>
/// The roots on this node and who needs them: image names that point at them, instances made from them, and snapshots of
/// these. An image can be deleted while they use it; its root stays until the last of them is gone.
/// </summary>
internal sealed class RootUsers(LocalNodes local, IResourceIndex index, ILogger<RootUsers> logger)
{
    /// <summary>Makes sure that the root is here, fetching it when another node made it.</summary>
    /// <exception cref="NodeException">It cannot be had: of the kind that kept it from being made.</exception>
    public async Task EnsureAsync(string home, ImageInfo image, CancellationToken cancellationToken)
    {
        var images = local.Require(home).Images;
        if (images.FindRoot(image.Digest) is not null)
            return;
        var reference = ImageReference.TryParse(image.Name, out var reason)
            ?? throw new NodeException(NodeErrorKind.Invalid, reason ?? $"'{image.Name}' is no image reference");
        var last = new RootProgress(RootStage.Failed);
        await foreach (var progress in images.EnsureRootAsync(reference, image.ToResolved(), login: null, cancellationToken))
            last = progress;
        if (last.Stage != RootStage.Ready)
            throw new NodeException(
                last.ErrorKind ?? NodeErrorKind.Internal, $"instance image {image.Name} cannot be had here: {last.Error ?? "no reason was given"}");
    }

    /// <summary>Removes the root if neither a name nor an instance needs it. Failing to is no failure of the caller.</summary>
    public async Task ReleaseAsync(string home, string digest, CancellationToken cancellationToken)
    {
        try
        {
            if (local.Find(home) is { } node && !await IsUsedAsync(home, digest, cancellationToken))
                await node.Images.DeleteAsync(digest, cancellationToken);
        }
        catch (Exception error) when (error is NodeException or HypemanException)
        {
            logger.LogWarning(error, "The root of {Digest} could not be removed", digest);
        }
    }

    /// <summary>Whether an image, of any node, points at the root, or an instance of this node was made from it.</summary>
    public async Task<bool> IsUsedAsync(string home, string digest, CancellationToken cancellationToken) =>
        await AnyAsync(new ResourceQuery(ResourceKind.Image) { Parent = digest }, cancellationToken)
        || await AnyAsync(new ResourceQuery(ResourceKind.Instance) { Parent = digest, Home = home }, cancellationToken)
        || await AnyAsync(new ResourceQuery(ResourceKind.Snapshot) { Parent = digest, Home = home }, cancellationToken)
        || await MayReturnAsync(home, digest, cancellationToken);

    // An instance that moves away fetches the root from here, and needs it here if it comes home again.
    private async Task<bool> MayReturnAsync(string home, string digest, CancellationToken cancellationToken)
    {
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Instance) { Parent = digest }, cancellationToken))
            if (ResourceSummary.Read<InstanceInfo>(row).MovedFrom == home)
                return true;
        return false;
    }

    private async Task<bool> AnyAsync(ResourceQuery query, CancellationToken cancellationToken)
    {
        await foreach (var _ in index.ListAsync(query, cancellationToken))
            return true;
        return false;
    }
}
