namespace Hypeman.Gateway.Auth;

/// <summary>Who sends a request, as a valid token says.</summary>
/// <param name="Subject">The user's id; empty when the token names none.</param>
/// <param name="Permissions">The scopes granted; null grants all.</param>
/// <param name="IsRegistryToken">The token was made for pushes and pulls of a build; the API refuses it.</param>
public sealed record Caller(string Subject, IReadOnlySet<string>? Permissions, bool IsRegistryToken)
{
    /// <summary>Whether the scope, for example <c>instance:write</c>, is granted.</summary>
    public bool May(string scope) =>
        Permissions is null || Permissions.Contains(Scopes.All) || Permissions.Contains(scope);
}
