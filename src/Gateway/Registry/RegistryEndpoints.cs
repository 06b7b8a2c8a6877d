using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Gateway.Registry;

/// <summary>
/// The registry of the fleet: images are pushed here by the OCI distribution protocol and become images of the API.
/// The host also provides an <see cref="IRegistryStore"/>, or an <see cref="IRegistryRouter"/> that knows where there is
/// one, or both.
/// </summary>
public static class RegistryEndpoints
{
    internal const string TokenPath = "/v2/token";

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"];

    public static IServiceCollection AddRegistry(this IServiceCollection services) => services
        .AddSingleton<RegistryAccess>()
        .AddSingleton<BlobRoutes>()
        .AddSingleton<UploadRoutes>()
        .AddSingleton<ManifestRoutes>();

    public static void MapRegistry(this IEndpointRouteBuilder routes)
    {
        // Layers are as large as they are; each route limits what it holds in memory.
        var registry = routes.MapGroup("/v2").AddEndpointFilter<RouteGroupBuilder, RegistryFilter>()
            .WithMetadata(new DisableRequestSizeLimitAttribute());
        registry.MapGet("/token", TokenEndpoint.AnswerAsync);
        registry.MapMethods("/{**path}", Methods, AnswerAsync);
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, RegistryAccess access)
    {
        var (caller, _) = await access.IdentifyAsync(context.Request);
        var text = context.Request.Path.Value!["/v2".Length..].TrimStart('/');
        if (text.Length == 0)
            return Results.Text("{}", "application/json");
        if (RegistryPath.Parse(text) is not { } path)
            return Results.NotFound();

        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        RegistryAccess.Require(caller, path.Repository, isWrite: !isRead || path.Kind == RegistryPathKind.Upload);
        if (context.RequestServices.GetService<IRegistryRouter>() is { } router && await router.ForwardAsync(context, path.Repository))
            return Results.Empty;
        return await AnswerHereAsync(context, path, isRead);
    }

    private static async Task<IResult> AnswerHereAsync(HttpContext context, RegistryPath path, bool isRead)
    {
        var (services, method) = (context.RequestServices, context.Request.Method);
        return path.Kind switch
        {
            RegistryPathKind.Blob when isRead => services.GetRequiredService<BlobRoutes>().Read(context, path),
            RegistryPathKind.NewUpload when HttpMethods.IsPost(method) => await services.GetRequiredService<UploadRoutes>().BeginAsync(context, path),
            RegistryPathKind.Upload => await services.GetRequiredService<UploadRoutes>().AnswerAsync(context, path),
            RegistryPathKind.Manifest when isRead => await services.GetRequiredService<ManifestRoutes>().ReadAsync(context, path),
            RegistryPathKind.Manifest when HttpMethods.IsPut(method) =>
                await services.GetRequiredService<ManifestRoutes>().PutAsync(context, path),
            _ => throw Unsupported(context.Request),
        };
    }

    internal static RegistryException Unsupported(HttpRequest request) =>
        new(RegistryError.Unsupported, $"{request.Method} is not supported here");
}
