using Hypeman.Contracts;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Images;

/// <summary>Images by their names, which come with slashes as they are or as %2F.</summary>
internal static class ImageEndpoints
{
    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/images", CreateAsync).WithName("createImage");
        routes.MapGet("/images", ListAsync).WithName("listImages");
        routes.MapGet("/images/{**name}", GetAsync).WithName("getImage");
        routes.MapDelete("/images/{**name}", DeleteAsync).WithName("deleteImage");
    }

    private static async Task<JsonHttpResult<ImageResponse>> CreateAsync(HttpRequest request, IGrainFactory grains)
    {
        var spec = await RequestBody.ReadAsync(request, CreateImageRequest.Read);
        var info = await grains.ImageCatalog().PullAsync(spec);
        return Answer(info, StatusCodes.Status202Accepted);
    }

    private static async Task<JsonHttpResult<IAsyncEnumerable<ImageResponse>>> ListAsync(
        HttpRequest request, ResourceLookup lookup, CancellationToken cancellationToken)
    {
        var query = new ResourceQuery(ResourceKind.Image) { Tags = Tags.FromQuery(request.Query) };
        var responses = lookup.ListAsync<ImageInfo>(query, cancellationToken).Select(ImageResponse.From);
        return TypedResults.Json(await responses.BegunAsync(cancellationToken), WireJson.Api.IAsyncEnumerableImageResponse);
    }

    private static async Task<JsonHttpResult<ImageResponse>> GetAsync(string name, IGrainFactory grains) =>
        Answer(await grains.ImageCatalog().GetAsync(Decode(name)));

    private static async Task<NoContent> DeleteAsync(string name, IGrainFactory grains)
    {
        await grains.ImageCatalog().DeleteAsync(Decode(name));
        return TypedResults.NoContent();
    }

    /// <summary>A path keeps its encoded slashes when all else in it is decoded.</summary>
    private static string Decode(string name) => name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static JsonHttpResult<ImageResponse> Answer(ImageInfo info, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(ImageResponse.From(info), WireJson.Api.ImageResponse, statusCode: status);
}
