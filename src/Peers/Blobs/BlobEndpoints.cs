using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hypeman.Peers.Blobs;

/// <summary>
/// <c>GET /peer/blobs/{digest}</c>: a blob of this node, whole or from a byte on. Whoever reads it checks the digest.
/// </summary>
internal sealed class BlobEndpoints(INode node) : IPeerEndpoints
{
    public const string Path = "/peer/blobs/";

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path + "{digest}", Read);

    private IResult Read(string digest)
    {
        if (!Digest.TryParse(digest, out var blob))
            return Results.Text($"'{digest}' is no digest", statusCode: StatusCodes.Status400BadRequest);
        try
        {
            return Results.Stream(node.Images.Blobs.Open(blob), "application/octet-stream", enableRangeProcessing: true);
        }
        catch (NodeException missing) when (missing.Kind == NodeErrorKind.NotFound)
        {
            return Results.Text(missing.Message, statusCode: StatusCodes.Status404NotFound);
        }
    }
}
