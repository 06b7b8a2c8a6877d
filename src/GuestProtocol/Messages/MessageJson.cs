using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypeman.GuestProtocol.Messages;

/// <summary>Requests and replies as JSON, by generated code: the guest is compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuestRequest))]
[JsonSerializable(typeof(GuestReply))]
internal sealed partial class MessageJsonContext : JsonSerializerContext;

public static class MessageJson
{
    public static byte[] Encode(GuestRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request, MessageJsonContext.Default.GuestRequest);

    public static byte[] Encode(GuestReply reply) =>
        JsonSerializer.SerializeToUtf8Bytes(reply, MessageJsonContext.Default.GuestReply);

    /// <summary>Null when the bytes are no request that this build knows.</summary>
    public static GuestRequest? TryParseRequest(ReadOnlySpan<byte> json) =>
        TryParse(json, static bytes => Complete(JsonSerializer.Deserialize(bytes, MessageJsonContext.Default.GuestRequest)));

    /// <summary>Generated code does not keep the initial value of a property that the sender left out.</summary>
    private static GuestRequest? Complete(GuestRequest? request) =>
        request is ExecRequest { Env: null } exec ? exec with { Env = new Dictionary<string, string>() } : request;

    /// <summary>Null when the bytes are no reply that this build knows.</summary>
    public static GuestReply? TryParseReply(ReadOnlySpan<byte> json) =>
        TryParse(json, static bytes => JsonSerializer.Deserialize(bytes, MessageJsonContext.Default.GuestReply));

    private delegate T? Parse<T>(ReadOnlySpan<byte> json);

    private static T? TryParse<T>(ReadOnlySpan<byte> json, Parse<T> parse) where T : class
    {
        try
        {
            return parse(json);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
