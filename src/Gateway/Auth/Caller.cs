namespace Hypeman.Gateway.Auth;

/// <summary>Who sends a request, as a valid token says.</summary>
/// <param name="Subject">The user's id; empty when the token names none.</param>
/// <param name="Permissions">The scopes granted; null grants all.</param>
/// <param name="Repositories">
/// Set for a registry token, which was made for the pushes and pulls of a build and is good for nothing else.
/// </param>
public sealed record Caller(string Subject, IReadOnlySet<string>? Permissions, RepositoryGrants? Repositories = null)
{
    /// <summary>The API refuses these.</summary>
    public bool IsRegistryToken => Repositories is not null;

    /// <summary>Whether the scope, for example <c>instance:write</c>, is granted.</summary>
    public bool May(string scope) =>
        Permissions is null || Permissions.Contains(Scopes.All) || Permissions.Contains(scope);
}
