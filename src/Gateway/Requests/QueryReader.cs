using System.Globalization;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>Takes typed parameters out of a query string and notes those that do not fit.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    public Problems Problems { get; } = new();

    public string? String(string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    public string RequiredString(string name)
    {
        if (String(name) is { Length: > 0 } text)
            return text;
        Problems.AddSchema(name, "is required");
        return "";
    }

    public bool Bool(string name, bool otherwise)
    {
        switch (String(name))
        {
            case null: return otherwise;
            case "true": return true;
            case "false": return false;
            case var text:
                Problems.AddSchema(name, $"must be true or false, but is \"{text}\"");
                return otherwise;
        }
    }

    public int Int(string name, int min, int otherwise)
    {
        if (String(name) is not { } text)
            return otherwise;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min)
            return number;
        Problems.AddSchema(name, $"must be a whole number from {min}, but is \"{text}\"");
        return otherwise;
    }

    /// <summary>One of the given words; null when it is absent, and when it is none of them, which is noted.</summary>
    public T? Word<T>(string name, IReadOnlyDictionary<string, T> words)
        where T : struct
    {
        if (String(name) is not { } text)
            return null;
        if (words.TryGetValue(text, out var value))
            return value;
        Problems.AddSchema(name, $"must be one of {string.Join(", ", words.Keys)}, but is \"{text}\"");
        return null;
    }
}
