using System.Text.Json;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>
/// Takes typed fields out of one JSON object. A field of the wrong type is noted with its path and read as if it
/// were absent, so that the reading goes on and finds every problem.
/// </summary>
internal sealed class FieldReader
{
    private readonly Dictionary<string, JsonElement> _unread = new(StringComparer.Ordinal);
    private readonly List<FieldReader> _nested = [];
    private readonly string _path;

    private FieldReader(string path, Problems problems)
    {
        _path = path;
        Problems = problems;
    }

    public Problems Problems { get; }

    /// <summary>There is no field that was not taken yet.</summary>
    public bool IsEmpty => _unread.Count == 0;

    /// <param name="element">The object.</param>
    /// <param name="path">Where it is in the body; empty at the top.</param>
    /// <param name="problems">Where to note what is wrong.</param>
    /// <param name="dropNulls">Fields that are null count as absent.</param>
    public static FieldReader Over(JsonElement element, string path, Problems problems, bool dropNulls = false)
    {
        var reader = new FieldReader(path, problems);
        if (element.ValueKind == JsonValueKind.Object)
            foreach (var property in element.EnumerateObject().Where(p => !dropNulls || p.Value.ValueKind != JsonValueKind.Null))
                reader._unread[property.Name] = property.Value;
        else
            problems.AddSchema(path, $"must be an object, but is {Name(element)}");
        return reader;
    }

    /// <summary>The path of a field of this object, as problems name it.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public string? String(string name) =>
        Take(name, JsonValueKind.String, "a string") is { } element ? element.GetString() : null;

    /// <summary>The string; null when it is absent, or null, which says the same.</summary>
    public string? NullableString(string name) =>
        _unread.TryGetValue(name, out var element) && element.ValueKind == JsonValueKind.Null && _unread.Remove(name) ? null : String(name);

    /// <summary>The string, or an empty one when it is missing, which is noted.</summary>
    public string RequiredString(string name)
    {
        Require(name);
        return String(name) ?? "";
    }

    /// <summary>One of the given words; null when it is absent, and when it is none of them, which is noted.</summary>
    public T? Word<T>(string name, IReadOnlyDictionary<string, T> words)
        where T : struct
    {
        if (String(name) is not { } text)
            return null;
        if (words.TryGetValue(text, out var value))
            return value;
        Problems.AddSchema(PathOf(name), $"must be one of {string.Join(", ", words.Keys)}, but is \"{text}\"");
        return null;
    }

    public bool Bool(string name, bool otherwise)
    {
        if (!_unread.Remove(name, out var element))
            return otherwise;
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return element.GetBoolean();
        Problems.AddSchema(PathOf(name), $"must be true or false, but is {Name(element)}");
        return otherwise;
    }

    public int? Int(string name, int min = int.MinValue, int max = int.MaxValue)
    {
        if (Take(name, JsonValueKind.Number, "a whole number") is not { } element)
            return null;
        if (!element.TryGetInt32(out var number))
            Problems.AddSchema(PathOf(name), $"must be a whole number, but is {element.GetRawText()}");
        else if (number < min || number > max)
            Problems.AddSchema(PathOf(name), max == int.MaxValue
                ? $"must be at least {min}, but is {number}" : $"must be from {min} to {max}, but is {number}");
        else
            return number;
        return null;
    }

    public int? RequiredInt(string name, int min, int max)
    {
        Require(name);
        return Int(name, min, max);
    }

    public IReadOnlyList<string>? Strings(string name)
    {
        if (Take(name, JsonValueKind.Array, "a list of strings") is not { } element)
            return null;
        var strings = new List<string>();
        foreach (var (index, item) in element.EnumerateArray().Index())
            if (item.ValueKind == JsonValueKind.String)
                strings.Add(item.GetString()!);
            else
                Problems.AddSchema($"{PathOf(name)}[{index}]", $"must be a string, but is {Name(item)}");
        return strings;
    }

    public IReadOnlyList<int>? Ints(string name, int min, int max)
    {
        if (Take(name, JsonValueKind.Array, "a list of whole numbers") is not { } element)
            return null;
        var numbers = new List<int>();
        foreach (var (index, item) in element.EnumerateArray().Index())
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= min && number <= max)
                numbers.Add(number);
            else
                Problems.AddSchema($"{PathOf(name)}[{index}]", $"must be a whole number from {min} to {max}, but is {item.GetRawText()}");
        return numbers;
    }

    public IReadOnlyDictionary<string, string>? StringMap(string name)
    {
        if (Take(name, JsonValueKind.Object, "an object of strings") is not { } element)
            return null;
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.String)
                map[property.Name] = property.Value.GetString()!;
            else
                Problems.AddSchema($"{PathOf(name)}.{property.Name}", $"must be a string, but is {Name(property.Value)}");
        return map;
    }

    /// <summary>The fields of an object in this one, or null when it is absent.</summary>
    public FieldReader? Object(string name)
    {
        if (Take(name, JsonValueKind.Object, "an object") is not { } element)
            return null;
        var reader = Over(element, PathOf(name), Problems);
        _nested.Add(reader);
        return reader;
    }

    public FieldReader? RequiredObject(string name)
    {
        Require(name);
        return Object(name);
    }

    /// <summary>The objects of a list in this one, or null when it is absent.</summary>
    public IReadOnlyList<FieldReader>? Objects(string name)
    {
        if (Take(name, JsonValueKind.Array, "a list of objects") is not { } element)
            return null;
        var readers = element.EnumerateArray()
            .Select((item, index) => Over(item, $"{PathOf(name)}[{index}]", Problems)).ToList();
        _nested.AddRange(readers);
        return readers;
    }

    /// <summary>Whether the field is there, and was not taken yet.</summary>
    public bool Has(string name) => _unread.ContainsKey(name);

    /// <summary>Takes a field without looking at it; null when it is absent.</summary>
    public JsonElement? Raw(string name) => _unread.Remove(name, out var element) ? element : null;

    /// <summary>Notes every field that nobody asked for, here and in nested objects.</summary>
    public void RefuseUnread()
    {
        foreach (var name in _unread.Keys)
            Problems.AddSchema(PathOf(name), "is not a known field");
        foreach (var nested in _nested)
            nested.RefuseUnread();
    }

    private JsonElement? Take(string name, JsonValueKind kind, string kindName)
    {
        if (!_unread.Remove(name, out var element))
            return null;
        if (element.ValueKind == kind)
            return element;
        Problems.AddSchema(PathOf(name), $"must be {kindName}, but is {Name(element)}");
        return null;
    }

    /// <summary>Notes a field that is missing.</summary>
    public void Require(string name)
    {
        if (!Has(name))
            Problems.AddSchema(PathOf(name), "is required");
    }

    /// <summary>What a value is, in words.</summary>
    public static string Name(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        _ => "an object",
    };
}
