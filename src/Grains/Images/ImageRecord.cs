using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Images;

/// <summary>The record of one image name: written first, then told to the index and to those who watch.</summary>
internal sealed class ImageRecord(StateCell<ImageState> cell, IResourceIndex index, ILogger logger)
{
    public ImageState? State => cell.Value;

    public Watchers<ImageInfo> Watchers { get; } = new();

    /// <exception cref="HypemanException"><c>not_found</c></exception>
    public ImageState Required => cell.Value ?? throw HypemanException.NotFound("image not found");

    /// <summary>Makes the record, or changes it. The row comes before the record, as everywhere.</summary>
    public async Task<ImageState> PutAsync(Func<ImageState?, ImageState> change)
    {
        if (State is null)
        {
            var first = change(null).ToRow();
            await index.InsertAsync(first, [first.Name]);
        }
        return (await cell.ChangeAsync(change, TellAsync))!;
    }

    public async Task<ImageState> ChangeAsync(Func<ImageState, ImageState> change) =>
        (await cell.ChangeAsync(state => change(state ?? throw HypemanException.NotFound("image not found")), TellAsync))!;

    public async Task RemoveAsync()
    {
        await index.DeleteAsync(ResourceKind.Image, Required.Info.Name);
        await cell.ChangeAsync(_ => null, _ => Task.CompletedTask);
        Watchers.End();
    }

    /// <summary>Makes the index agree with the record.</summary>
    public async Task RepairAsync()
    {
        var row = Required.ToRow();
        var present = await index.GetAsync(ResourceKind.Image, row.Id);
        if (present is null)
            await index.InsertAsync(row, [row.Name]);
        else if (present.Version < row.Version)
            await index.UpdateAsync(row);
    }

    private async Task TellAsync(ImageState? state)
    {
        if (state is null)
            return;
        Watchers.Publish(state.Info);
        try
        {
            await index.UpdateAsync(state.ToRow());
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The index row of image {Name} is behind; the reconciler will repair it", state.Info.Name);
        }
    }
}
