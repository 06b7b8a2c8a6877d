using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Auth;

/// <summary>
/// Lets a request to an API route pass when its bearer token is valid and has the route's scope. Requests that met
/// no route, and routes that see to their own authentication, pass unasked.
/// </summary>
internal sealed class AuthMiddleware(RequestDelegate next, ITokenValidator tokens)
{
    private const string Scheme = "Bearer";

    public async Task InvokeAsync(HttpContext context)
    {
        var refusal = await CheckAsync(context);
        if (refusal is null)
        {
            await next(context);
            return;
        }

        if (refusal.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = Scheme;
        await ErrorMiddleware.WriteAsync(context, refusal);
    }

    private async ValueTask<ErrorAnswer?> CheckAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint route || route.Metadata.GetMetadata<ApiRoute>() is null)
            return null;

        var scope = RouteScopes.Find(context.Request.Method, route.RoutePattern.RawText!) ?? Scopes.All;
        if (scope == RouteScopes.Public)
            return null;
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
            return ErrorMapping.Unauthorized("authorization header required");
        if (ReadToken(header) is not { } token)
            return ErrorMapping.Unauthorized("invalid authorization header format");
        if (await tokens.ValidateAsync(token) is not { } caller)
            return ErrorMapping.Unauthorized("invalid token");
        if (caller.IsRegistryToken)
            return ErrorMapping.Unauthorized("invalid token type");
        return caller.May(scope) ? null : ErrorMapping.MissingScope(scope);
    }

    private static string? ReadToken(string header)
    {
        var parts = header.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 2 && parts[0].Equals(Scheme, StringComparison.OrdinalIgnoreCase) ? parts[1] : null;
    }
}

/// <summary>Marks a route of the API, which <see cref="AuthMiddleware"/> guards.</summary>
internal sealed class ApiRoute;
