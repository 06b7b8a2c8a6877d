using Hypeman.Contracts.Images;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Images;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Images;

/// <summary>
/// Sees one image through to Ready or Failed: a task on the grain's scheduler that follows the node's progress into the
/// record. The work itself is the node's, and shared there by all names that point at the same digest.
/// </summary>
internal sealed class ImagePull(ImageRecord record, ILogger logger)
{
    private CancellationTokenSource? _leave;
    private Task _work = Task.CompletedTask;
    private string? _digest;

    /// <summary>Makes sure that what the name points at is being made, if it has to be. Never waits.</summary>
    public void Wake(IImageHost images, RegistryLogin? login)
    {
        if (record.State is not { } state || !ImageLifecycle.IsUnderWay(state.Info.Status))
            return;
        if (!_work.IsCompleted && _digest == state.Info.Digest)
            return;
        _leave?.Cancel();
        _digest = state.Info.Digest;
        _work = RunAsync(images, state.Info, login);
    }

    /// <summary>Leaves the work to the node; whoever asks next follows it again.</summary>
    public Task LeaveAsync()
    {
        _leave?.Cancel();
        return _work;
    }

    private async Task RunAsync(IImageHost images, ImageInfo image, RegistryLogin? login)
    {
        using var leave = new CancellationTokenSource();
        _leave = leave;
        await Task.CompletedTask.ConfigureAwait(
            ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        try
        {
            await FollowAsync(images, image, login, leave.Token);
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            await FailAsync(image, error);
        }
        finally
        {
            if (_leave == leave)
                _leave = null;
        }
    }

    private async Task FollowAsync(IImageHost images, ImageInfo image, RegistryLogin? login, CancellationToken cancellationToken)
    {
        var reference = ImageReference.TryParse(image.Name, out _)!;
        await foreach (var progress in images.EnsureRootAsync(reference, image.ToResolved(), login, cancellationToken))
            await record.ChangeAsync(state => ImageLifecycle.Progressed(state, image.Digest, progress));
    }

    private async Task FailAsync(ImageInfo image, Exception error)
    {
        try
        {
            var reason = Errors.Errors.Expected(error, logger, $"the pull of {image.Name}").Message;
            var failed = new RootProgress(RootStage.Failed) { Error = reason };
            await record.ChangeAsync(state => ImageLifecycle.Progressed(state, image.Digest, failed));
        }
        catch (Exception unwritten)
        {
            logger.LogWarning(unwritten, "The pull of {Name} is left to the next activation", image.Name);
        }
    }
}
