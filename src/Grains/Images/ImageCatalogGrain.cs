using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Nodes;
using Hypeman.NodeRuntime.Images;
using Orleans.Concurrency;

namespace Hypeman.Grains.Images;

/// <summary>Finds the grain of an image by any name that people write for it.</summary>
[GrainType("image-catalog"), StatelessWorker]
internal sealed class ImageCatalogGrain(
    IGrainFactory grains, IResourceIndex index, LocalNodes local, NodeDirectory nodes) : Grain, IImageCatalogGrain
{
    public async Task<ImageInfo> PullAsync(ImageSpec spec)
    {
        var name = Parse(spec.Name).ToString();
        return await AtHomeAsync(name, pushedHere: false, image => image.PullAsync(spec));
    }

    public async Task<ImageInfo> ImportAsync(string name, string manifestDigest)
    {
        var normalized = Parse(name).ToString();
        return await AtHomeAsync(normalized, pushedHere: true, image => image.ImportAsync(manifestDigest));
    }

    public async Task<ImageInfo> GetAsync(string name)
    {
        var reference = Parse(name);
        var row = await FindAsync(reference)
            ?? (reference.Digest is null ? null : (await SameDigestAsync(reference)).FirstOrDefault())
            ?? throw HypemanException.NotFound("image not found");
        // A row that says Ready is enough to go by, also while the node that made the image is away: an instance's node
        // makes sure of the root itself.
        return row.State == nameof(ImageStatus.Ready) ? ResourceSummary.Read<ImageInfo>(row) : await grains.Image(row.Id).GetAsync();
    }

    public async Task DeleteAsync(string name)
    {
        var reference = Parse(name);
        if (await FindAsync(reference) is { } row)
        {
            await grains.Image(row.Id).DeleteAsync();
            return;
        }
        if (reference.Digest is null || await SameDigestAsync(reference) is not [_, ..] named)
            throw HypemanException.NotFound("image not found");
        var names = string.Join(", ", named.Select(tag => tag.Name));
        throw new HypemanException(
            ErrorKind.Conflict, "conflict", $"an image is deleted by its tag, not by its digest: delete {names}");
    }

    /// <exception cref="HypemanException"><c>invalid_name</c></exception>
    private static ImageReference Parse(string name) => ImageReference.TryParse(name, out var reason)
        ?? throw HypemanException.Invalid("invalid_name", $"'{name}' is not an image name: {reason}");

    private Task<ResourceRow?> FindAsync(ImageReference reference) => index.GetAsync(ResourceKind.Image, reference.ToString());

    // What was pulled by tag can also be named by the digest that the tag was found to mean.
    private async Task<List<ResourceRow>> SameDigestAsync(ImageReference reference)
    {
        var found = new List<ResourceRow>();
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Image) { Parent = reference.Digest }))
            if (ImageReference.TryParse(row.Name, out _) is { } other
                && (other.Registry, other.Repository) == (reference.Registry, reference.Repository))
                found.Add(row);
        return found;
    }

    // A push has left its blobs where it came to, if that is a node. Who pulls at the same time picks the same node.
    private async Task<ImageInfo> AtHomeAsync(string name, bool pushedHere, Func<IImageGrain, Task<ImageInfo>> call)
    {
        var image = grains.Image(name);
        if (await index.GetAsync(ResourceKind.Image, name) is not null)
            return await call(image);
        var here = pushedHere ? local.All.FirstOrDefault()?.Facts.NodeId : null;
        var home = here ?? Rendezvous.Pick(await nodes.UpAsync(), name, node => node.Id).Id;
        try
        {
            return await PlacementHint.CallAsync(home, () => call(image));
        }
        catch (HypemanException lost) when (lost.Code == ImageGrain.MadeElsewhere)
        {
            return await call(image); // There is a row now, which says where.
        }
    }
}
