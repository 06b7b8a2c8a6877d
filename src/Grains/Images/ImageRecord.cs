using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Images;

/// <summary>The record of one image name: written first, with its row of the index, then told to those who watch.</summary>
internal sealed class ImageRecord(StateCell<ImageState> cell, IResourceIndex index)
{
    public ImageState? State => cell.Value;

    public Watchers<ImageInfo> Watchers { get; } = new();

    /// <exception cref="HypemanException"><c>not_found</c></exception>
    public ImageState Required => cell.Value ?? throw HypemanException.NotFound("image not found");

    /// <summary>Makes the record, or changes it.</summary>
    /// <exception cref="ResourceClaimedException">Another activation was first.</exception>
    public async Task<ImageState> PutAsync(Func<ImageState?, ImageState> change) => (await cell.ChangeAsync(change, TellAsync))!;

    public async Task<ImageState> ChangeAsync(Func<ImageState, ImageState> change) =>
        (await cell.ChangeAsync(state => change(state ?? throw HypemanException.NotFound("image not found")), TellAsync))!;

    public async Task RemoveAsync()
    {
        await index.DeleteAsync(ResourceKind.Image, Required.Info.Name);
        await cell.ChangeAsync(_ => null, _ => Task.CompletedTask);
        Watchers.End();
    }

    /// <summary>Makes the index agree with the record.</summary>
    public Task RepairAsync() => index.RepairAsync(Required.ToRow());

    private Task TellAsync(ImageState? state)
    {
        if (state is not null)
            Watchers.Publish(state.Info);
        return Task.CompletedTask;
    }
}
