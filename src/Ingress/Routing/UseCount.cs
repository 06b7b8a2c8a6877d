namespace Hypeman.Ingress.Routing;

/// <summary>Which keys are in use by any of their users. One writer; <see cref="Keys"/> is what it looks at.</summary>
internal sealed class UseCount<TKey>
    where TKey : notnull
{
    private readonly Dictionary<string, TKey[]> _keysOf = [];
    private readonly Dictionary<TKey, int> _uses = [];

    public IReadOnlyCollection<TKey> Keys => _uses.Keys;

    /// <summary>Replaces what one user needs; none at all forgets it. True when <see cref="Keys"/> may have changed.</summary>
    public bool Set(string user, IEnumerable<TKey> keys)
    {
        var before = _keysOf.GetValueOrDefault(user, []);
        TKey[] now = [.. keys.Distinct()];
        if (before.AsSpan().SequenceEqual(now))
            return false;
        foreach (var key in before)
            if (--_uses[key] == 0)
                _uses.Remove(key);
        foreach (var key in now)
            _uses[key] = _uses.GetValueOrDefault(key) + 1;
        if (now.Length == 0)
            _keysOf.Remove(user);
        else
            _keysOf[user] = now;
        return true;
    }
}
