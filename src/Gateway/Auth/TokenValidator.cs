using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Hypeman.Gateway.Auth;

/// <summary>
/// Accepts JSON web tokens signed with HS256, HS384 or HS512 and the server's secret. Without a secret no token is
/// valid. The library compares signatures in constant time.
/// </summary>
internal sealed class TokenValidator : ITokenValidator
{
    public const string PermissionsClaim = "permissions";

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters? _parameters;

    public TokenValidator(IOptions<GatewayOptions> options, TimeProvider clock)
    {
        var secret = options.Value.JwtSecret;
        _parameters = secret.Length == 0 ? null : new TokenValidationParameters
        {
            IssuerSigningKey = TokenKey.From(secret),
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.HmacSha384, SecurityAlgorithms.HmacSha512],
            ValidateIssuer = false,
            ValidateAudience = false,
            LifetimeValidator = (from, until, _, _) => IsWithin(from, until, clock.GetUtcNow().UtcDateTime),
        };
    }

    public async ValueTask<Caller?> ValidateAsync(string token)
    {
        if (_parameters is null)
            return null;
        var result = await _handler.ValidateTokenAsync(token, _parameters);
        return result is { IsValid: true, SecurityToken: JsonWebToken jwt } ? Read(jwt) : null;
    }

    public static bool IsBuilder(string subject) => subject.StartsWith("builder-", StringComparison.Ordinal);

    private static bool IsWithin(DateTime? from, DateTime? until, DateTime now) =>
        (from is null || from <= now) && (until is null || now < until);

    private static Caller? Read(JsonWebToken jwt)
    {
        var repositories = RepositoryGrants.Read(jwt);
        if (!jwt.TryGetPayloadValue<object>(PermissionsClaim, out _))
            return new Caller(jwt.Subject, null, repositories);

        // A list that cannot be read grants nothing, so the token is refused rather than taken for an unlimited one.
        return jwt.TryGetPayloadValue<JsonElement>(PermissionsClaim, out var list)
            && list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().All(scope => scope.ValueKind == JsonValueKind.String)
                ? new Caller(jwt.Subject, list.EnumerateArray().Select(scope => scope.GetString()!).ToHashSet(), repositories)
                : null;
    }
}
