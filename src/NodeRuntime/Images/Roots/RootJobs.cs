namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>The roots that are being made: one job for each, however many ask for it.</summary>
/// <param name="run">Carries a job out and gives it its end, whatever happens; does not throw.</param>
internal sealed class RootJobs(Func<RootJob, Task> run)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, RootJob> _jobs = [];
    private bool _isClosed;

    /// <summary>The job for this root: the one there is, or else the one that is made here.</summary>
    public RootJob Start(Digest manifest, Func<RootJob> newJob)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_jobs.TryGetValue(manifest, out var known) && !known.Ended.IsCompleted)
                return known;
            var job = _jobs[manifest] = newJob();
            _ = RunAsync(job);
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
            job.Cancel();
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
            jobs.ForEach(job => job.Cancel());
        }
        await Task.WhenAll(jobs.Select(job => job.Ended));
    }

    private async Task RunAsync(RootJob job)
    {
        await run(job);
        lock (_lock)
            if (_jobs.GetValueOrDefault(job.Manifest) == job)
                _jobs.Remove(job.Manifest);
        job.Dispose();
    }
}
