using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypeman.Contracts.Index;

/// <summary>How Infos are written into the index. Fields are added, never renamed: old rows must stay readable.</summary>
public static class ResourceSummary
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    public static string Write<T>(T info) => JsonSerializer.Serialize(info, Options);

    public static T Read<T>(ResourceRow row) =>
        JsonSerializer.Deserialize<T>(row.Summary, Options)
        ?? throw new JsonException($"The summary of {row.Kind} {row.Id} is null.");
}
