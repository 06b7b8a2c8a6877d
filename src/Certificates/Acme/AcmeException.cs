using System.Text.Json;

namespace Hypeman.Certificates.Acme;

/// <summary>What an ACME server says is wrong (RFC 8555, section 6.7).</summary>
internal sealed class AcmeException(string type, string detail, int status, TimeSpan? retryAfter) : Exception(detail)
{
    private const string Prefix = "urn:ietf:params:acme:error:";

    /// <summary>Without the part that all have in common: <c>badNonce</c>, <c>rateLimited</c>.</summary>
    public string Type => type;

    public int Status => status;

    public TimeSpan? RetryAfter => retryAfter;

    public static AcmeException From(JsonElement problem, int status, TimeSpan? retryAfter) =>
        new(TypeOf(problem), Describe(problem, status), status, retryAfter);

    /// <summary>In one line, with what it says of single names.</summary>
    public static string Describe(JsonElement problem, int status = 0)
    {
        var text = Text(problem, "detail") ?? (status > 0 ? $"the server answered {status}" : "it gives no reason");
        if (TypeOf(problem) is { Length: > 0 } type)
            text = $"{text} ({type})";
        if (problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("subproblems", out var parts) && parts.ValueKind == JsonValueKind.Array)
            text += string.Concat(parts.EnumerateArray().Select(part => $"; {Text(part, "detail")}"));
        return text;
    }

    private static string TypeOf(JsonElement problem) => Text(problem, "type") is { } type
        ? type.StartsWith(Prefix, StringComparison.Ordinal) ? type[Prefix.Length..] : type
        : "";

    private static string? Text(JsonElement problem, string name) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
}
