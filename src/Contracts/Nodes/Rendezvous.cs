using System.IO.Hashing;
using System.Text;

namespace Hypeman.Contracts.Nodes;

/// <summary>
/// Picks one of several by the highest hash of candidate and key: everybody who sees the same candidates picks alike,
/// and when one goes only its own keys move.
/// </summary>
public static class Rendezvous
{
    public static IEnumerable<T> Order<T>(IEnumerable<T> candidates, string key, Func<T, string> nameOf) =>
        candidates.OrderByDescending(candidate => Weight(nameOf(candidate), key)).ThenBy(nameOf, StringComparer.Ordinal);

    public static T Pick<T>(IEnumerable<T> candidates, string key, Func<T, string> nameOf) =>
        Order(candidates, key, nameOf).First();

    private static ulong Weight(string name, string key) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes($"{name}\n{key}"));
}
