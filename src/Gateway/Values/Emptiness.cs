namespace Hypeman.Gateway.Values;

internal static class Emptiness
{
    /// <summary>Answers leave out maps without entries.</summary>
    public static IReadOnlyDictionary<string, string>? NullIfEmpty(this IReadOnlyDictionary<string, string> map) =>
        map.Count == 0 ? null : map;
}
