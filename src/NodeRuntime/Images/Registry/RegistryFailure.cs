using System.Net;
using System.Text.Json;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>What a registry's refusal means for the user. Pure, so that every case can be tested.</summary>
internal static class RegistryFailure
{
    /// <param name="what">What was asked for, for the message.</param>
    /// <param name="status">The registry's answer.</param>
    /// <param name="body">Of the answer: the registry's own codes, if it is as it should be.</param>
    /// <param name="hasLogin">Whether a login was used.</param>
    public static NodeException From(string what, HttpStatusCode status, ReadOnlySpan<byte> body, bool hasLogin)
    {
        var (code, message) = ReadError(body);
        var kind = (status, code) switch
        {
            (HttpStatusCode.TooManyRequests, _) or (_, "TOOMANYREQUESTS") => NodeErrorKind.RateLimited,
            (HttpStatusCode.NotFound, _) or (_, "NAME_UNKNOWN" or "MANIFEST_UNKNOWN" or "BLOB_UNKNOWN" or "DENIED") =>
                NodeErrorKind.NotFound,
            // Registries do not tell strangers which repositories they have.
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) =>
                hasLogin ? NodeErrorKind.Unauthorized : NodeErrorKind.NotFound,
            (>= HttpStatusCode.InternalServerError, _) or (HttpStatusCode.RequestTimeout, _) => NodeErrorKind.Unavailable,
            _ => NodeErrorKind.Invalid,
        };
        var text = kind switch
        {
            NodeErrorKind.RateLimited => $"The registry has had too many requests from here for now, among them the one for {what}.",
            NodeErrorKind.NotFound when status == HttpStatusCode.NotFound => $"{what} was not found.",
            NodeErrorKind.NotFound => $"{what} was not found, or needs another login.",
            NodeErrorKind.Unauthorized => $"The registry refuses the login for {what}.",
            NodeErrorKind.Unavailable => $"The registry cannot answer for {what} now (status {(int)status}).",
            _ => $"The registry refuses {what} (status {(int)status}).",
        };
        return new NodeException(kind, text, $"status {(int)status}, code '{code}', message '{message}'");
    }

    /// <summary>Worth another try: the next one may meet a healthy server.</summary>
    public static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout
        or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
        or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>The first of the registry's errors.</summary>
    private static (string Code, string Message) ReadError(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var first = document.RootElement.GetProperty("errors")[0];
            var message = first.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
            return (first.GetProperty("code").GetString() ?? "", message ?? "");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return ("", "");
        }
    }
}
