using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>Keys and values in a query, written as <c>name[key]=value</c>.</summary>
internal static class Pairs
{
    /// <exception cref="RequestRefusedException">They are written in another way.</exception>
    public static IReadOnlyDictionary<string, string> FromQuery(IQueryCollection query, string name)
    {
        if (query.ContainsKey(name))
            throw new RequestRefusedException(Problems.BadRequest, $"{name}: must be written as {name}[key]=value");
        return query
            .Where(pair => pair.Key.StartsWith($"{name}[", StringComparison.Ordinal) && pair.Key.EndsWith(']'))
            .ToDictionary(pair => pair.Key[(name.Length + 1)..^1], pair => pair.Value.ToString(), StringComparer.Ordinal);
    }
}
