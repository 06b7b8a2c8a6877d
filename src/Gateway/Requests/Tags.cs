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

    /// <param name="fields">Of the body.</param>
    /// <param name="name">Where they are.</param>
    public static IReadOnlyDictionary<string, string> FromBody(FieldReader fields, string name = "tags")
    {
        var tags = fields.StringMap(name) ?? new Dictionary<string, string>();
        Check(tags, name, fields.Problems);
        return tags;
    }

    /// <exception cref="RequestRefusedException">A filter that no tag could match.</exception>
    public static IReadOnlyDictionary<string, string> FromQuery(IQueryCollection query)
    {
        var tags = Pairs.FromQuery(query, "tags");
        var problems = new Problems();
        Check(tags, "tags", problems);
        problems.ThrowIfAny();
        return tags;
    }

    private static void Check(IReadOnlyDictionary<string, string> tags, string name, Problems problems)
    {
        if (tags.Count > MaxCount)
            problems.AddSchema(name, $"must be at most {MaxCount}, but are {tags.Count}");
        foreach (var (key, value) in tags)
        {
            if (key.Length is 0 or > MaxKeyLength || key.AsSpan().ContainsAnyExcept(Allowed))
                problems.AddSchema($"{name}.{key}", $"must have a key of 1 to {MaxKeyLength} letters, digits, blanks or _.:/=+@-");
            if (value.Length > MaxValueLength || value.AsSpan().ContainsAnyExcept(Allowed))
                problems.AddSchema($"{name}.{key}", $"must be at most {MaxValueLength} letters, digits, blanks or _.:/=+@-");
        }
    }
}
