namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>Jobs in the order they came, a few at a time; those that wait are told their place in the line.</summary>
internal sealed class RootQueue(int maxRunning, Func<RootJob, Task> run)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, RootJob> _jobs = [];
    private readonly List<RootJob> _waiting = [];
    private int _running;
    private bool _isClosed;

    /// <summary>The job for this root: the one there is, or else the one that is made here.</summary>
    public RootJob Enqueue(Digest manifest, Func<RootJob> newJob)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_jobs.TryGetValue(manifest, out var known) && !known.Ended.IsCompleted)
                return known;
            var job = _jobs[manifest] = newJob();
            _waiting.Add(job);
            StartNext();
            return job;
        }
    }

    /// <summary>Stops the work on a root, and waits until it has ended. None is no error.</summary>
    public async Task CancelAsync(Digest manifest, CancellationToken cancellationToken)
    {
        RootJob? job;
        lock (_lock)
        {
            if (!_jobs.TryGetValue(manifest, out job))
                return;
            Stop(job);
        }
        await job.Ended.WaitAsync(cancellationToken);
    }

    /// <summary>Cancels all and waits for their ends.</summary>
    public async Task CloseAsync()
    {
        List<RootJob> jobs;
        lock (_lock)
        {
            _isClosed = true;
            jobs = [.. _jobs.Values];
            jobs.ForEach(Stop);
        }
        await Task.WhenAll(jobs.Select(job => job.Ended));
    }

    /// <summary>One that waits ends at once, one that runs will end soon.</summary>
    private void Stop(RootJob job)
    {
        job.Cancel();
        if (!_waiting.Remove(job))
            return;
        _jobs.Remove(job.Manifest);
        job.Report(new RootProgress(RootStage.Failed) { Error = "The work was cancelled." });
        job.Dispose();
        StartNext();
    }

    private void StartNext()
    {
        while (_running < maxRunning && _waiting.Count > 0)
        {
            var job = _waiting[0];
            _waiting.RemoveAt(0);
            _running++;
            _ = Task.Run(() => RunAsync(job));
        }
        for (var i = 0; i < _waiting.Count; i++)
            _waiting[i].Report(new RootProgress(RootStage.Queued) { QueuePosition = i + 1 });
    }

    private async Task RunAsync(RootJob job)
    {
        // The run reports its own end, whatever happens; it does not throw.
        await run(job);
        lock (_lock)
        {
            if (_jobs.GetValueOrDefault(job.Manifest) == job)
                _jobs.Remove(job.Manifest);
            _running--;
            StartNext();
        }
        job.Dispose();
    }
}
