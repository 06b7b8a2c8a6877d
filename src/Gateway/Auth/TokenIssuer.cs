using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Hypeman.Gateway.Auth;

/// <summary>Makes API tokens: HS256, signed with the server's secret.</summary>
public sealed class TokenIssuer(string secret, TimeProvider clock)
{
    /// <param name="userId">Becomes <c>sub</c>; names beginning with <c>builder-</c> are the registry's.</param>
    /// <param name="scopes">What the token may do; null for everything.</param>
    /// <param name="lifetime">Until it expires.</param>
    /// <exception cref="ArgumentException">An unknown scope, a reserved or empty user id, no secret, no lifetime.</exception>
    public string Issue(string userId, IReadOnlyList<string>? scopes, TimeSpan lifetime)
    {
        if (secret.Length == 0)
            throw new ArgumentException("No JWT secret is configured; set JWT_SECRET to the secret of the server.");
        if (userId.Length == 0 || TokenValidator.IsBuilder(userId))
            throw new ArgumentException($"\"{userId}\" cannot be a user id; it must not be empty or begin with builder-.");
        if (lifetime <= TimeSpan.Zero)
            throw new ArgumentException("A token must be valid for some time; give a lifetime above zero.");
        if (scopes?.Except(Scopes.Known).ToList() is { Count: > 0 } unknown)
            throw new ArgumentException(
                $"Unknown scope {string.Join(", ", unknown)}; known are {string.Join(", ", Scopes.Known)}.");

        var now = clock.GetUtcNow();
        var claims = new Dictionary<string, object> { [JwtRegisteredClaimNames.Sub] = userId };
        if (scopes is not null)
            claims[TokenValidator.PermissionsClaim] = scopes.ToArray();
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            IssuedAt = now.UtcDateTime,
            Expires = (now + lifetime).UtcDateTime,
            SigningCredentials = new SigningCredentials(TokenKey.From(secret), SecurityAlgorithms.HmacSha256),
        });
    }
}
