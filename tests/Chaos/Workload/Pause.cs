namespace Hypeman.Tests.Chaos.Workload;

/// <summary>Where all users stop between two calls while the fleet is looked at.</summary>
internal sealed class Pause(int users)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _end;
    private TaskCompletionSource _all = New();
    private int _resting;

    /// <summary>Returns when every user rests.</summary>
    public Task BeginAsync()
    {
        lock (_gate)
        {
            (_end, _all, _resting) = (New(), New(), 0);
            return _all.Task;
        }
    }

    public void End()
    {
        lock (_gate)
        {
            _end?.TrySetResult();
            _end = null;
        }
    }

    public Task PassAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_end is null)
                return Task.CompletedTask;
            if (++_resting == users)
                _all.TrySetResult();
            return _end.Task.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
