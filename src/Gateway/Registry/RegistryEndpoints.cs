using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Gateway.Registry;

/// <summary>
/// The registry of the fleet: images are pushed here by the OCI distribution protocol and become images of the API.
/// The host also provides an <see cref="IRegistryStore"/>.
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

    private static async Task<IResult> AnswerAsync(
        HttpContext context, RegistryAccess access, BlobRoutes blobs, UploadRoutes uploads, ManifestRoutes manifests)
    {
        var (caller, _) = await access.IdentifyAsync(context.Request);
        var text = context.Request.Path.Value!["/v2".Length..].TrimStart('/');
        if (text.Length == 0)
            return Results.Text("{}", "application/json");
        if (RegistryPath.Parse(text) is not { } path)
            return Results.NotFound();

        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        RegistryAccess.Require(caller, path.Repository, isWrite: !isRead || path.Kind == RegistryPathKind.Upload);
        return path.Kind switch
        {
            RegistryPathKind.Blob when isRead => blobs.Read(context, path),
            RegistryPathKind.NewUpload when HttpMethods.IsPost(context.Request.Method) => await uploads.BeginAsync(context, path),
            RegistryPathKind.Upload => await uploads.AnswerAsync(context, path),
            RegistryPathKind.Manifest when isRead => await manifests.ReadAsync(context, path),
            RegistryPathKind.Manifest when HttpMethods.IsPut(context.Request.Method) => await manifests.PutAsync(context, path),
            _ => throw Unsupported(context.Request),
        };
    }

    internal static RegistryException Unsupported(HttpRequest request) =>
        new(RegistryError.Unsupported, $"{request.Method} is not supported here");
}
