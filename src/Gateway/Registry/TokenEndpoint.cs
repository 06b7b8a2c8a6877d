using Hypeman.Gateway.Auth;

namespace Hypeman.Gateway.Registry;

/// <summary>Where clients change their login for a token. Ours is the token already, so it goes back as it came.</summary>
internal static class TokenEndpoint
{
    private const int ExpiresInSeconds = 300;

    public static async Task<IResult> AnswerAsync(HttpRequest request, RegistryAccess access, TimeProvider clock)
    {
        var (caller, token) = await access.IdentifyAsync(request);
        foreach (var scope in request.Query["scope"])
            Check(caller, scope ?? "");
        return Results.Json(
            new RegistryToken(token, token, ExpiresInSeconds, clock.GetUtcNow()), WireJson.Registry.RegistryToken);
    }

    /// <summary>Scopes are written <c>repository:NAME:push,pull</c>, several of them separated by spaces.</summary>
    private static void Check(Caller caller, string scopes)
    {
        foreach (var scope in scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (first, last) = (scope.IndexOf(':'), scope.LastIndexOf(':'));
            var repository = first < last ? scope[(first + 1)..last] : "";
            if (!scope[(last + 1)..].Split(',').All(action => Grants(caller, repository, action)))
                throw new RegistryException(RegistryError.Denied, $"the token does not grant '{scope}'");
        }
    }

    private static bool Grants(Caller caller, string repository, string action) => action switch
    {
        "push" => RegistryAccess.May(caller, repository, isWrite: true),
        "pull" => RegistryAccess.May(caller, repository, isWrite: false),
        _ => !caller.IsRegistryToken, // Nothing here asks for more, so it does no harm.
    };
}
