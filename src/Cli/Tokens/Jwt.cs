using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hypeman.Cli.Tokens;

/// <summary>API tokens: JSON Web Tokens signed with the fleet's secret (HS256).</summary>
internal static class Jwt
{
    /// <param name="scopes">What the token may do; null for everything.</param>
    public static string Sign(string secret, string user, IReadOnlyList<string>? scopes, DateTimeOffset now, TimeSpan lifetime)
    {
        var claims = new JsonObject
        {
            ["sub"] = user,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
        };
        if (scopes is not null)
            claims["permissions"] = new JsonArray([.. scopes.Select(scope => (JsonNode)scope)]);
        var signed = $"{Encode("""{"alg":"HS256","typ":"JWT"}""")}.{Encode(claims.ToJsonString())}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
