using System.Text;
using Hypeman.Gateway.Auth;

namespace Hypeman.Gateway.Registry;

/// <summary>
/// Who may push and pull: users by the scopes of their token, builds by the repositories of theirs. A token is sent as
/// a bearer, or as the name of a Basic login.
/// </summary>
internal sealed class RegistryAccess(ITokenValidator tokens)
{
    /// <summary>The caller, and the token as it came.</summary>
    /// <exception cref="RegistryException">Unauthorized.</exception>
    public async Task<(Caller Caller, string Token)> IdentifyAsync(HttpRequest request)
    {
        if (ReadToken(request.Headers.Authorization.ToString()) is { } token && await tokens.ValidateAsync(token) is { } caller)
            return (caller, token);
        throw new RegistryException(RegistryError.Unauthorized, "authentication required");
    }

    /// <exception cref="RegistryException">Denied; Unavailable for a builder that reads what is not its own.</exception>
    public static void Require(Caller caller, string repository, bool isWrite)
    {
        if (May(caller, repository, isWrite))
            return;
        if (!caller.IsRegistryToken)
            throw new RegistryException(RegistryError.Denied, $"the token lacks the scope {ScopeOf(isWrite)}");
        throw isWrite
            ? new RegistryException(RegistryError.Denied, "this token may not push to this repository")
            : new RegistryException(RegistryError.Unavailable, "image not mirrored");
    }

    public static bool May(Caller caller, string repository, bool isWrite) => caller.Repositories is { } own
        ? isWrite ? own.MayPush(repository) : own.MayPull(repository)
        : caller.May(ScopeOf(isWrite));

    private static string ScopeOf(bool isWrite) => isWrite ? Scopes.ImageWrite : Scopes.ImageRead;

    private static string? ReadToken(string header)
    {
        if (header.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is not [var scheme, var value])
            return null;
        if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return value;
        return scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? ReadUsername(value) : null;
    }

    private static string? ReadUsername(string encoded)
    {
        var decoded = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, decoded, out var length))
            return null;
        var text = Encoding.UTF8.GetString(decoded, 0, length);
        var colon = text.IndexOf(':');
        return colon < 0 ? text : text[..colon];
    }
}
