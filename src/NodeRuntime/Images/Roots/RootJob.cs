namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// The making of one root, watched by any number of callers: each sees the latest state, and the last one for certain.
/// </summary>
internal sealed class RootJob(ImageReference reference, Digest manifest, RegistryLogin? login) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _ended = NewSignal();
    private TaskCompletionSource _changed = NewSignal();
    private RootProgress _progress = new(RootStage.Queued);

    public ImageReference Reference { get; } = reference;
    public Digest Manifest { get; } = manifest;
    public RegistryLogin? Login { get; } = login;

    /// <summary>Set when the image is deleted or this host stops.</summary>
    public CancellationToken Cancellation => _cancel.Token;

    /// <summary>Ends with the job, however that goes.</summary>
    public Task Ended => _ended.Task;

    public void Cancel() => _cancel.Cancel();

    /// <summary>The state now, and a task that ends when there is a newer one.</summary>
    public (RootProgress Progress, Task Changed) Read()
    {
        lock (_lock)
            return (_progress, _changed.Task);
    }

    public void Report(RootProgress progress)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (IsLast(_progress) || _progress == progress)
                return;
            _progress = progress;
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
        if (IsLast(progress))
            _ended.TrySetResult();
    }

    public static bool IsLast(RootProgress progress) => progress.Stage is RootStage.Ready or RootStage.Failed;

    public void Dispose() => _cancel.Dispose();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
