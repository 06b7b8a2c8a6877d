using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Hypeman.Gateway.Auth;

/// <summary>
/// The repositories that a registry token lists: it may pull from each, and push to those that say so. Written as
/// <c>repos</c> with one <c>scope</c> for all, or as <c>repo_access</c> with one for each. What cannot be read grants nothing.
/// </summary>
public sealed class RepositoryGrants
{
    private const string Push = "push";

    private static readonly string[] Claims = ["repos", "repo_access", "scope", "build_id"];

    private readonly Dictionary<string, bool> _mayPush = new(StringComparer.Ordinal);

    /// <param name="grants">Repositories without a host, and whether they may be pushed to.</param>
    public RepositoryGrants(params IEnumerable<(string Repository, bool MayPush)> grants)
    {
        foreach (var (repository, mayPush) in grants)
            _mayPush[repository] = mayPush || MayPush(repository);
    }

    public bool MayPull(string repository) => _mayPush.ContainsKey(repository);

    public bool MayPush(string repository) => _mayPush.GetValueOrDefault(repository);

    /// <summary>Null for the token of a user.</summary>
    internal static RepositoryGrants? Read(JsonWebToken jwt) =>
        TokenValidator.IsBuilder(jwt.Subject) || Claims.Any(claim => jwt.TryGetPayloadValue<object>(claim, out _))
            ? new RepositoryGrants([.. OfRepos(jwt), .. OfAccess(jwt)])
            : null;

    private static IEnumerable<(string, bool)> OfRepos(JsonWebToken jwt)
    {
        var mayPush = jwt.TryGetPayloadValue<object>("scope", out var scope) && scope is Push;
        return from repository in Items(jwt, "repos")
               where repository.ValueKind == JsonValueKind.String
               select (repository.GetString()!, mayPush);
    }

    private static IEnumerable<(string, bool)> OfAccess(JsonWebToken jwt) =>
        from grant in Items(jwt, "repo_access")
        let repository = Text(grant, "repo")
        where repository is not null
        select (repository, Text(grant, "scope") == Push);

    private static JsonElement[] Items(JsonWebToken jwt, string claim) =>
        jwt.TryGetPayloadValue<JsonElement>(claim, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static string? Text(JsonElement grant, string name) =>
        grant.ValueKind == JsonValueKind.Object && grant.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
