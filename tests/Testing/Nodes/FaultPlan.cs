using Hypeman.NodeRuntime.Errors;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>The places in the work of a simulated node at which something can go wrong.</summary>
public enum NodeStep
{
    StartBegins,
    StartDone,
    StopBegins,
    StopDone,
    DeleteBegins,
    DeleteDone,
    ResolveBegins,
    PullBegins,
    ConvertBegins,
    RootDone,
    HandOverBegins,
    ChunkIsRead,
    ReceiveBegins,
    ChunkArrives,
    ReceiveDone,
    StandbyBegins,
    StandbyDone,
    RestoreBegins,
    RestoreDone,
    ForkBegins,
    ForkDone,
    RevertBegins,
    RevertDone,
    SnapshotBegins,
    SnapshotDone,
    SnapshotDeleteBegins,
    CompressBegins,
    SnapshotReceiveBegins,
}

/// <summary>
/// What goes wrong next on a simulated node. A failure is thrown once, where it was planned. A hold stops the work at a
/// step, as a crash would find it, until it is let go; a work that was cancelled meanwhile stops there for good.
/// </summary>
public sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeStep, Queue<Func<CancellationToken, Task>>> _planned = [];
    private readonly Dictionary<NodeStep, int> _passed = [];

    /// <summary>The next work to come to this step fails there.</summary>
    public void FailOnce(NodeStep step, NodeErrorKind kind = NodeErrorKind.Unavailable) =>
        Plan(step, _ => throw new NodeException(kind, $"{step} was made to fail"));

    /// <summary>The next work to come to this step stops there.</summary>
    public Hold HoldOnce(NodeStep step)
    {
        var hold = new Hold();
        Plan(step, hold.StayAsync);
        return hold;
    }

    /// <summary>How often work has come to a step.</summary>
    public int Passed(NodeStep step)
    {
        lock (_gate)
            return _passed.GetValueOrDefault(step);
    }

    internal Task PassAsync(NodeStep step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Func<CancellationToken, Task>? fault;
        lock (_gate)
        {
            _passed[step] = _passed.GetValueOrDefault(step) + 1;
            fault = _planned.TryGetValue(step, out var planned) && planned.TryDequeue(out var next) ? next : null;
        }
        return fault is null ? Task.CompletedTask : fault(cancellationToken);
    }

    private void Plan(NodeStep step, Func<CancellationToken, Task> fault)
    {
        lock (_gate)
        {
            if (!_planned.TryGetValue(step, out var planned))
                _planned[step] = planned = new Queue<Func<CancellationToken, Task>>();
            planned.Enqueue(fault);
        }
    }

    /// <summary>Work that stands still at a step.</summary>
    public sealed class Hold
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Done when work has come to the step.</summary>
        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        /// <summary>The work ends where it stands, as when its process was killed.</summary>
        public void Abandon() => _released.TrySetCanceled();

        internal Task StayAsync(CancellationToken cancellationToken)
        {
            _reached.TrySetResult();
            return _released.Task.WaitAsync(cancellationToken);
        }
    }
}
