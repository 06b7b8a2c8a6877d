using System.Text.Json;
using System.Text.RegularExpressions;
using Hypeman.Gateway.Health;

namespace Hypeman.Tests.Gateway.Hosting;

/// <summary>openapi.yaml, and whether an answer is one that it promises.</summary>
internal sealed class ApiSchema(JsonElement document)
{
    public JsonElement Document { get; } = document;

    public static ApiSchema Load() => new(JsonDocument.Parse(ApiDescription.Json).RootElement);

    /// <summary>All operations as <c>METHOD /path</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Operations => Document.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject(), (path, method) => (Path: path.Name, Method: method))
        .Where(operation => operation.Method.Name != "parameters")
        .ToDictionary(operation => $"{operation.Method.Name.ToUpperInvariant()} {operation.Path}", operation => operation.Method.Value);

    /// <summary>What is wrong with an answer; nothing when it is as promised, or of no operation at all.</summary>
    public IReadOnlyList<string> Check(string method, string path, int status, string body)
    {
        var operation = Find(method, path);
        var json = JsonDocument.Parse(body).RootElement;
        if (operation is null)
            return status >= 400 ? CheckValue(json, Component("Error"), "") : [$"no operation {method} {path}"];
        var responses = operation.Value.GetProperty("responses");
        if (!responses.TryGetProperty(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response)
            && !responses.TryGetProperty("default", out response))
            return [$"status {status} is not promised"];
        response = Resolve(response);
        return response.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var media)
            ? CheckValue(json, media.GetProperty("schema"), "")
            : [$"no JSON is promised for {status}"];
    }

    /// <summary>What is wrong with a value, each with its path.</summary>
    public IReadOnlyList<string> CheckValue(JsonElement value, JsonElement schema, string path)
    {
        schema = Resolve(schema);
        if (!schema.EnumerateObject().Any())
            return [];
        var types = TypesOf(schema);
        if (types.Count > 0 && !types.Any(type => Is(value, type)))
            return [$"{path} must be {string.Join(" or ", types)}, but is {value.ValueKind}"];
        var problems = new List<string>();
        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(word => JsonElement.DeepEquals(word, value)))
            problems.Add($"{path} is none of the enumerated");
        if (value.ValueKind == JsonValueKind.Object)
            problems.AddRange(CheckObject(value, schema, path));
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            problems.AddRange(value.EnumerateArray().SelectMany((item, at) => CheckValue(item, items, $"{path}[{at}]")));
        return problems;
    }

    public JsonElement Component(string name) => Document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    public JsonElement Resolve(JsonElement element)
    {
        while (element.TryGetProperty("$ref", out var reference))
            element = reference.GetString()!.Split('/').Skip(1).Aggregate(Document, (at, name) => at.GetProperty(name));
        return element;
    }

    private IEnumerable<string> CheckObject(JsonElement value, JsonElement schema, string path)
    {
        var hasProperties = schema.TryGetProperty("properties", out var properties);
        var hasMore = schema.TryGetProperty("additionalProperties", out var more);
        foreach (var property in value.EnumerateObject())
        {
            var name = $"{path}.{property.Name}";
            if (hasProperties && properties.TryGetProperty(property.Name, out var known))
                foreach (var problem in CheckValue(property.Value, known, name))
                    yield return problem;
            else if (hasMore && more.ValueKind == JsonValueKind.Object)
                foreach (var problem in CheckValue(property.Value, more, name))
                    yield return problem;
            else
                yield return $"{name} is not described";
        }

        if (schema.TryGetProperty("required", out var required))
            foreach (var name in required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)))
                yield return $"{path}.{name.GetString()} is missing";
    }

    private JsonElement? Find(string method, string path) => Operations
        .Where(operation => operation.Key.StartsWith(method + " ", StringComparison.Ordinal)
            && Regex.IsMatch(path, "^" + Pattern(operation.Key[(method.Length + 1)..]) + "$"))
        .OrderBy(operation => operation.Key.Count(character => character == '{'))
        .Select(operation => (JsonElement?)operation.Value).FirstOrDefault();

    /// <summary>Names of images have slashes.</summary>
    private static string Pattern(string path) =>
        Regex.Replace(path.Replace("{name}", ".+", StringComparison.Ordinal), @"\{\w+\}", "[^/]+");

    private static List<string> TypesOf(JsonElement schema) => !schema.TryGetProperty("type", out var type)
        ? []
        : type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString()!)] : [type.GetString()!];

    private static bool Is(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => false,
    };
}
