using System.Buffers;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>Labels on resources: in bodies as <c>tags</c>, in queries as <c>tags[key]=value</c>.</summary>
internal static class Tags
{
    public const int MaxCount = 50;
    public const int MaxKeyLength = 128;
    public const int MaxValueLength = 256;

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _.:/=+@-");

    public static IReadOnlyDictionary<string, string> FromBody(FieldReader fields)
    {
        var tags = fields.StringMap("tags") ?? new Dictionary<string, string>();
        Check(tags, fields.Problems);
        return tags;
    }

    /// <exception cref="RequestRefusedException">A filter that no tag could match.</exception>
    public static IReadOnlyDictionary<string, string> FromQuery(IQueryCollection query)
    {
        var tags = Pairs.FromQuery(query, "tags");
        var problems = new Problems();
        Check(tags, problems);
        problems.ThrowIfAny();
        return tags;
    }

    private static void Check(IReadOnlyDictionary<string, string> tags, Problems problems)
    {
        if (tags.Count > MaxCount)
            problems.AddSchema("tags", $"must be at most {MaxCount}, but are {tags.Count}");
        foreach (var (key, value) in tags)
        {
            if (key.Length is 0 or > MaxKeyLength || key.AsSpan().ContainsAnyExcept(Allowed))
                problems.AddSchema($"tags.{key}", $"must have a key of 1 to {MaxKeyLength} letters, digits, blanks or _.:/=+@-");
            if (value.Length > MaxValueLength || value.AsSpan().ContainsAnyExcept(Allowed))
                problems.AddSchema($"tags.{key}", $"must be at most {MaxValueLength} letters, digits, blanks or _.:/=+@-");
        }
    }
}
