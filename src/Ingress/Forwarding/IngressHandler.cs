using System.Net;
using Hypeman.Ingress.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Forwarding;

/// <summary>
/// Every request that comes in, from the Host header to the instance and back. Looks only at tables in memory.
/// <code>
///   client --(0)--> ingress --(4)--> instance
///          &lt;-(5)--         &lt;-(4)--
/// </code>
/// (0) request; (1) which host; (2) which rule; (3) which instance; (4) forward both ways; (5) say what went wrong.
/// </summary>
internal sealed class IngressHandler(
    RouteFeed feed,
    RouteTable routes,
    InstanceTable instances,
    InstanceClient client,
    IHttpForwarder forwarder,
    IOptions<IngressOptions> options,
    ILogger<IngressHandler> logger)
{
    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = options.Value.IdleTimeout,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <param name="rulePort">The port of the rules that are served where the request came in.</param>
    public Task HandleAsync(HttpContext context, int rulePort)
    {
        // :: Step 1: which host was asked for
        if (HttpMethods.IsConnect(context.Request.Method))
            return RefuseAsync(context, Refusal.Tunnel);
        var host = Hostname.Normalize(context.Request.Host.Value ?? "");
        if (host.Length == 0)
            return RefuseAsync(context, Refusal.NoHost);

        // :: Step 2: which rule
        if (routes.Find(host, rulePort) is not { } route)
            return RefuseAsync(context, feed.IsSynced ? Refusal.NoRoute(host) : Refusal.NotReady);

        // :: Step 3: which instance
        if (instances.Find(route.Instance) is not { } target)
            return RefuseAsync(context, feed.IsSynced ? Refusal.NoInstance(host) : Refusal.NotReady);
        if (!target.MayAnswer)
            return RefuseAsync(context, target.Ip is null && target.Phase == Contracts.Instances.InstancePhase.Running
                ? Refusal.NoNetwork(host)
                : Refusal.NotRunning(host, target.Phase));

        return ForwardAsync(context, host, target, route.Port);
    }

    private async Task ForwardAsync(HttpContext context, string host, Target target, int port)
    {
        // :: Step 4: forward both ways
        var error = await forwarder.SendAsync(
            context, InstanceClient.PrefixOf(target, port), client.Invoker, _config, IngressTransformer.Instance, target.Gone);
        if (error == ForwarderError.None)
            return;

        // :: Step 5: say what went wrong
        var exception = context.GetForwarderErrorFeature()?.Exception;
        var refusal = Refusal.From(error, exception, target.Gone.IsCancellationRequested, host);
        logger.LogDebug(exception, "{Error} between {Host} and port {Port} of instance {Instance}", error, host, port, target.Id);
        if (refusal is not null && !context.Response.HasStarted)
            await RefuseAsync(context, refusal);
    }

    private static Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = refusal.Status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        if (refusal.Status == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = "1";
        return response.WriteAsync(refusal.Text, context.RequestAborted);
    }
}
