using System.Text.Encodings.Web;
using System.Text.Json;
using Hypeman.Gateway.Registry;
using Hypeman.Gateway.Streams;

namespace Hypeman.Gateway;

/// <summary>
/// How everything is written that leaves us as JSON. People read it with curl: quotes, plus signs and other scripts
/// stay as they are, not as \u escapes. That is safe because it goes out as JSON and never as part of a page.
/// </summary>
internal static class WireJson
{
    public static ApiJson Api { get; } = new(Readable(ApiJson.Default.Options));
    public static StreamJson Streams { get; } = new(Readable(StreamJson.Default.Options));
    public static RegistryJson Registry { get; } = new(Readable(RegistryJson.Default.Options));

    private static JsonSerializerOptions Readable(JsonSerializerOptions options) =>
        new(options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
