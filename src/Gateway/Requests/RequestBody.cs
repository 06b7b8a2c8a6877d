using System.Text.Json;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>Reads JSON bodies: strict about names and types, and with all problems at once.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <param name="request">Its body must be one JSON object.</param>
    /// <param name="read">Takes the fields; fields it does not ask for are refused.</param>
    /// <param name="optional">An empty body counts as an object without fields.</param>
    /// <exception cref="RequestRefusedException">The body is not JSON, or does not fit.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, Func<FieldReader, T> read, bool optional = false)
    {
        if (request.ContentType is not null && !request.HasJsonContentType())
            throw new RequestRefusedException(Problems.BadRequest, "Content-Type: must be application/json");

        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        var json = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (optional && json.IsEmpty)
            json = "{}"u8.ToArray();
        return Parse(json, read);
    }

    /// <summary>As <see cref="ReadAsync"/>, for JSON that is at hand.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> json, Func<FieldReader, T> read)
    {
        using var document = ParseDocument(json, "the request body is not valid JSON");
        var fields = Fields(document, "the request body");
        var result = read(fields);
        fields.RefuseUnread();
        fields.Problems.ThrowIfAny();
        return result;
    }

    /// <summary>For messages on WebSockets, where clients send nulls and fields of their own.</summary>
    public static T ParseTolerant<T>(ReadOnlyMemory<byte> json, Func<FieldReader, T> read)
    {
        using var document = ParseDocument(json, "invalid JSON");
        var fields = Fields(document, "first message", dropNulls: true);
        var result = read(fields);
        fields.Problems.ThrowIfAny();
        return result;
    }

    private static FieldReader Fields(JsonDocument document, string what, bool dropNulls = false) =>
        document.RootElement.ValueKind == JsonValueKind.Object
            ? FieldReader.Over(document.RootElement, "", new Problems(), dropNulls)
            : throw new RequestRefusedException(
                Problems.BadRequest, $"{what} must be an object, but is {FieldReader.Name(document.RootElement)}");

    private static JsonDocument ParseDocument(ReadOnlyMemory<byte> json, string invalid)
    {
        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException exception)
        {
            var reason = json.IsEmpty ? "it is empty" : exception.Message;
            throw new RequestRefusedException(Problems.BadRequest, $"{invalid}: {reason}");
        }
    }
}
