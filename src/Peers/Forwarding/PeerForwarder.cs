using System.Net;
using Hypeman.Contracts.Nodes;
using Hypeman.Peers.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Peers.Forwarding;

/// <summary>What became of a request that belongs to one node.</summary>
public enum ForwardOutcome
{
    /// <summary>It is for this process to answer.</summary>
    Ours,

    /// <summary>The other node has answered, or its caller has gone.</summary>
    Done,

    /// <summary>No node can be reached that would answer it.</summary>
    Nobody,
}

/// <summary>
/// Sends requests about one thing to one node: all members choose it alike, and while it cannot be reached the next one.
/// Everything goes along as it came, Host and Authorization too; the node checks them itself.
/// </summary>
public sealed class PeerForwarder(PeerDirectory directory, PeerClient client, IHttpForwarder forwarder, IOptions<PeerOptions> options)
{
    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = Limits.ForwardSilence,
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <param name="context">Nothing of its body was read, nothing of the answer written.</param>
    /// <param name="key">Names the thing.</param>
    public async Task<ForwardOutcome> SendAsync(HttpContext context, string key)
    {
        foreach (var peer in Rendezvous.Order(Candidates(), key, peer => peer.NodeId).ToList())
        {
            if (peer.NodeId == options.Value.NodeId)
                return ForwardOutcome.Ours;
            var error = await forwarder.SendAsync(
                context, peer.Address.ToString(), client.Invoker, Config, Verbatim.Instance, context.RequestAborted);
            if (!IsUnreachable(context, error))
                return ForwardOutcome.Done;
            directory.Avoid(peer);
            context.Response.StatusCode = StatusCodes.Status200OK;
        }
        return ForwardOutcome.Nobody;
    }

    /// <summary>This process is one as soon as it starts, before the index tells it of itself.</summary>
    private IEnumerable<Peer> Candidates() => options.Value.EndPoint is { } own && options.Value.NodeId.Length > 0
        ? directory.Reachable.Where(peer => peer.NodeId != options.Value.NodeId).Append(Peer.From(options.Value.NodeId, own.ToString())!)
        : directory.Reachable;

    /// <summary>No connection was made, so nothing of the body was sent.</summary>
    private static bool IsUnreachable(HttpContext context, ForwarderError error) =>
        error == ForwarderError.Request
        && !context.Response.HasStarted
        && !context.RequestAborted.IsCancellationRequested
        && context.GetForwarderErrorFeature()?.Exception is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError
                or HttpRequestError.NameResolutionError,
        };

    /// <summary>The request goes along as it came; what the node says stands in place of what was said here before.</summary>
    private sealed class Verbatim : HttpTransformer
    {
        public static readonly Verbatim Instance = new();

        public override ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            foreach (var (name, _) in proxyResponse?.Headers.NonValidated ?? default)
                httpContext.Response.Headers.Remove(name);
            return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }
}
