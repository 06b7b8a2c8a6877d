using System.Collections.Concurrent;
using Hypeman.Contracts.Images;

namespace Hypeman.Grains.Images;

/// <summary>Roots that nodes of this silo make because somebody else will need them. Asked for again, they tell how it went.</summary>
internal sealed class RootFetches(RootUsers roots)
{
    private readonly ConcurrentDictionary<(string Home, string Digest), Lazy<Task>> _fetches = new();

    /// <summary>Whether the root is there; false while it is being made.</summary>
    public async Task<bool> IsDoneAsync(string home, ImageInfo image)
    {
        var key = (home, image.Digest);
        // Nobody who leaves ends it: it is made once for all.
        var fetch = _fetches.GetOrAdd(key, _ => new Lazy<Task>(() => roots.EnsureAsync(home, image, CancellationToken.None))).Value;
        if (!fetch.IsCompleted)
            return false;
        _fetches.TryRemove(key, out _);
        await fetch;
        return true;
    }
}
