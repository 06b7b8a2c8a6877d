using System.Collections.Concurrent;

namespace Hypeman.Ingress.Routing;

/// <summary>
/// A map in which two owners may, for a moment, hold the same key: the index promises order for one resource only,
/// so the deletion of an old holder can come after the arrival of the new one. The owner that came first is the one
/// that readers see; when it goes, the next takes over. One writer, any number of readers.
/// </summary>
internal sealed class ClaimTable<TKey, TValue>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Claim[]> _claims = new();
    private readonly Dictionary<string, IReadOnlyCollection<TKey>> _keys = [];

    /// <summary>How many keys are held.</summary>
    public int Count => _claims.Count;

    public TValue? Find(TKey key) => _claims.TryGetValue(key, out var claims) ? claims[0].Value : default;

    /// <summary>Replaces what the owner claims; a key it keeps is never absent meanwhile.</summary>
    public void Set(string owner, DateTimeOffset since, IReadOnlyDictionary<TKey, TValue> values)
    {
        foreach (var (key, value) in values)
            Add(key, new Claim(owner, since, value));
        if (_keys.TryGetValue(owner, out var before))
            foreach (var key in before)
                if (!values.ContainsKey(key))
                    Drop(key, owner);
        _keys[owner] = [.. values.Keys];
    }

    public void Remove(string owner)
    {
        if (_keys.Remove(owner, out var keys))
            foreach (var key in keys)
                Drop(key, owner);
    }

    private void Add(TKey key, Claim claim)
    {
        var others = _claims.TryGetValue(key, out var present) ? present.Where(c => c.Owner != claim.Owner) : [];
        _claims[key] = [.. others.Append(claim).OrderBy(c => c.Since).ThenBy(c => c.Owner, StringComparer.Ordinal)];
    }

    private void Drop(TKey key, string owner)
    {
        if (!_claims.TryGetValue(key, out var present))
            return;
        var rest = present.Where(c => c.Owner != owner).ToArray();
        if (rest.Length == 0)
            _claims.TryRemove(key, out _);
        else
            _claims[key] = rest;
    }

    private readonly record struct Claim(string Owner, DateTimeOffset Since, TValue Value);
}
