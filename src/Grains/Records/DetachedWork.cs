using System.Collections.Concurrent;

namespace Hypeman.Grains.Records;

/// <summary>Work that somebody else will need: done once for all who ask, whoever of them leaves. Asked for again, it tells how it went.</summary>
internal sealed class DetachedWork<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<Task>> _underWay = new();

    /// <summary>Begins it, and tells whether it is done; false while it is under way. What it throws is told once, then it begins anew.</summary>
    public async Task<bool> IsDoneAsync(TKey key, Func<Task> work)
    {
        var begun = _underWay.GetOrAdd(key, _ => new Lazy<Task>(work)).Value;
        if (!begun.IsCompleted)
            return false;
        _underWay.TryRemove(key, out _);
        await begun;
        return true;
    }
}
