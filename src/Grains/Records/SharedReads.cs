namespace Hypeman.Grains.Records;

/// <summary>
/// One read of a thing at a time, however many ask for it. Those who come while a read is under way share the next one,
/// which begins after they have come: nobody is told what was so before he asked.
/// </summary>
internal sealed class SharedReads<T>
{
    private readonly Lock _gate = new();

    /// <summary>By key of a read that is under way: those who wait for the one after it, if any do.</summary>
    private readonly Dictionary<string, TaskCompletionSource<T>?> _waiting = [];

    public Task<T> ReadAsync(string key, Func<Task<T>> read)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(key, out var next))
                return (_waiting[key] = next ?? New()).Task;
            _waiting[key] = null;
        }
        var first = New();
        // Not on the scheduler of the grain that happened to come first.
        _ = Task.Run(() => RunAsync(key, first, read));
        return first.Task;
    }

    private async Task RunAsync(string key, TaskCompletionSource<T> first, Func<Task<T>> read)
    {
        for (var waiting = first; waiting is not null; waiting = TakeNext(key))
            try
            {
                waiting.SetResult(await read());
            }
            catch (Exception error)
            {
                waiting.SetException(error);
            }
    }

    private TaskCompletionSource<T>? TakeNext(string key)
    {
        lock (_gate)
        {
            var next = _waiting[key];
            if (next is null)
                _waiting.Remove(key);
            else
                _waiting[key] = null;
            return next;
        }
    }

    private static TaskCompletionSource<T> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
