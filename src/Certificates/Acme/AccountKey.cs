using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hypeman.Certificates.Acme;

/// <summary>The key by which an ACME server knows an account: P-256, signing as ES256 (RFC 7515, RFC 7518).</summary>
internal sealed class AccountKey : IDisposable
{
    private readonly ECDsa _key;

    public AccountKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        (X, Y) = (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        // Its members in this order and nothing else (RFC 7638).
        var canonical = $$"""{"crv":"P-256","kty":"EC","x":"{{X}}","y":"{{Y}}"}""";
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }

    public string Thumbprint { get; }

    public JsonObject Jwk => new() { ["crv"] = "P-256", ["kty"] = "EC", ["x"] = X, ["y"] = Y };

    private string X { get; }

    private string Y { get; }

    /// <summary>What is to be shown for a token (RFC 8555, section 8.1).</summary>
    public string Authorize(string token) => $"{token}.{Thumbprint}";

    /// <summary>A flattened JWS; a null payload is an empty one.</summary>
    public JsonObject Sign(JsonObject head, string? payload)
    {
        head["alg"] = "ES256";
        return Flattened(head, payload ?? "", text => _key.SignData(text, HashAlgorithmName.SHA256));
    }

    /// <summary>Says that an account of this key belongs to whoever has another key (section 7.3.4).</summary>
    public JsonObject Bind(string keyId, byte[] macKey, Uri url) => Flattened(
        new JsonObject { ["alg"] = "HS256", ["kid"] = keyId, ["url"] = url.ToString() }, Jwk.ToJsonString(),
        text => HMACSHA256.HashData(macKey, text));

    public void Dispose() => _key.Dispose();

    private static JsonObject Flattened(JsonObject head, string payload, Func<byte[], byte[]> sign)
    {
        var (first, second) = (Encode(head.ToJsonString()), Encode(payload));
        return new JsonObject
        {
            ["protected"] = first,
            ["payload"] = second,
            ["signature"] = Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes($"{first}.{second}"))),
        };
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
