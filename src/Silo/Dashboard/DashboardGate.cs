using Hypeman.Gateway.Auth;
using Orleans.Dashboard;

namespace Hypeman.Silo.Dashboard;

/// <summary>
/// The Orleans dashboard, for those who may do everything: it shows the state of grains. Programs send the API's bearer
/// token; a browser opens <c>/dashboard?token=...</c> once, which puts the token into a cookie.
/// </summary>
internal sealed class DashboardGate(ITokenValidator tokens) : IEndpointFilter
{
    public const string Path = "/dashboard";
    private const string Cookie = "hypeman-dashboard";
    private const string Scheme = "Bearer ";

    public static void Map(WebApplication app)
    {
        var gate = new DashboardGate(app.Services.GetRequiredService<ITokenValidator>());
        var dashboard = new Lazy<RequestDelegate>(() => Build(app));
        app.Map(Path + "/{**page}", (HttpContext http) => dashboard.Value(http)).AddEndpointFilter(gate.InvokeAsync);
    }

    /// <summary>Mapping it compresses all of its pages, a tenth of a server's start: left until somebody asks for one.</summary>
    private static RequestDelegate Build(WebApplication app)
    {
        var pages = ((IApplicationBuilder)app).New();
        pages.UseRouting();
        pages.UseEndpoints(endpoints => endpoints.MapOrleansDashboard(Path));
        var pipeline = pages.Build();
        return http =>
        {
            // The gate's own endpoint; with one that is set already nothing is looked for.
            http.SetEndpoint(null);
            return pipeline(http);
        };
    }

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers.XFrameOptions = "DENY";
        http.Response.Headers.CacheControl = "no-store";
        if (http.Request.Query["token"].ToString() is { Length: > 0 } offered && await MayAsync(offered))
            return SignIn(http, offered);
        if (ReadToken(http.Request) is not { } token || await tokens.ValidateAsync(token) is not { IsRegistryToken: false } caller)
            return Refuse(
                http, StatusCodes.Status401Unauthorized, "Unauthorized",
                "the dashboard needs a token: send it as bearer token, or open /dashboard?token=... once");
        return caller.May(Scopes.All)
            ? await next(context)
            : Refuse(http, StatusCodes.Status403Forbidden, "Forbidden", "the dashboard needs a token with full access");
    }

    private async Task<bool> MayAsync(string token) =>
        await tokens.ValidateAsync(token) is { IsRegistryToken: false } caller && caller.May(Scopes.All);

    private static IResult SignIn(HttpContext http, string token)
    {
        http.Response.Cookies.Append(Cookie, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = http.Request.IsHttps,
            Path = Path,
        });
        return Results.Redirect(Path + "/");
    }

    private static string? ReadToken(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim()
            : request.Cookies[Cookie];
    }

    private static IResult Refuse(HttpContext http, int status, string code, string message)
    {
        if (status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Json(new { code, message }, statusCode: status);
    }
}
