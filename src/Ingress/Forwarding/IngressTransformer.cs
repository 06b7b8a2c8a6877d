using Hypeman.Ingress.Traffic;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Forwarding;

/// <summary>
/// What an instance gets to see: the request as it was sent, Host and path included, hop-by-hop headers left out by
/// the forwarder, and who sent it. We are the edge: what a client says about itself in these headers is dropped.
/// </summary>
internal sealed class IngressTransformer : HttpTransformer
{
    public static readonly IngressTransformer Instance = new();

    private static readonly UriCreationOptions AsIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly string[] ClaimsOfClients =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP"];

    private const string GrpcStatus = "grpc-status";

    private static readonly HashSet<string> AlwaysInHeaders = new(StringComparer.OrdinalIgnoreCase) { "Content-Type", "Date", "Server" };

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        foreach (var name in ClaimsOfClients)
            proxyRequest.Headers.Remove(name);
        var request = httpContext.Request;
        if (httpContext.Connection.RemoteIpAddress is { } client)
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-For", Addresses.Text(client));
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host.Value);
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);

        // The parsed path is decoded and cannot be put back as it was (%41, %2F, "//"): applications sign and compare
        // paths, so the one on the wire goes on.
        if (PathIn(httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "") is { } path)
            proxyRequest.RequestUri = new Uri(destinationPrefix + path, AsIs);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (proxyResponse?.Headers.Contains(GrpcStatus) == true && httpContext.Response.SupportsTrailers())
            MoveToTrailers(httpContext.Response);
        return goesOn;
    }

    /// <summary>
    /// An answer of gRPC that is nothing but a status has it in its one frame of headers, which ends the stream. Headers leave us
    /// before we know that no body follows, so that what is in them would not be taken for the end: it goes where it is with a body.
    /// </summary>
    private static void MoveToTrailers(HttpResponse response)
    {
        foreach (var (name, value) in response.Headers.Where(header => !AlwaysInHeaders.Contains(header.Key)).ToList())
        {
            response.Headers.Remove(name);
            response.AppendTrailer(name, value);
        }
    }

    /// <summary>Path and query of a request target as they were written, also of one that names the host; null for <c>*</c>.</summary>
    public static string? PathIn(string target)
    {
        const string afterScheme = "://";
        if (target.StartsWith('/'))
            return target;
        if (target.IndexOf(afterScheme, StringComparison.Ordinal) is not (> 0 and var scheme))
            return null;
        var path = target.AsSpan(scheme + afterScheme.Length);
        return path.IndexOfAny('/', '?') switch
        {
            < 0 => "/",
            var start when path[start] == '?' => $"/{path[start..]}",
            var start => path[start..].ToString(),
        };
    }
}
