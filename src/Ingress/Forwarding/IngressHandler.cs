using System.Net;
using Hypeman.Contracts.Ingresses;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Waking;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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
/// (0) request; (1) which host; (2) which rule, and may it be used; (3) which instance, and does it sleep; (4) forward both ways;
/// (5) say what went wrong.
/// </summary>
internal sealed class IngressHandler(
    RouteFeed feed,
    RouteTable routes,
    InstanceTable instances,
    InstanceClient client,
    WakeRoom wakes,
    IHttpForwarder forwarder,
    TimeProvider time,
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
        if (!MayUse(route, context.Request.Headers))
            return RefuseAsync(context, Refusal.Forbidden);

        // :: Step 3: which instance
        if (instances.Find(route.Instance) is not { } target)
            return RefuseAsync(context, feed.IsSynced ? Refusal.NoInstance(host, route.IsCaptured) : Refusal.NotReady);
        if (route.Wakes(target.Phase))
            return WakeAsync(context, host, route, target);
        if (!target.MayAnswer)
            return RefuseAsync(context, target.Ip is null && target.Phase == Contracts.Instances.InstancePhase.Running
                ? Refusal.NoNetwork(host)
                : Refusal.NotRunning(host, target.Phase));

        return ForwardAsync(context, host, route, target);
    }

    /// <summary>Holds the request until the instance runs, then forwards it as any other.</summary>
    private async Task WakeAsync(HttpContext context, string host, Route route, Target asleep)
    {
        if (await AwakeAsync(context, host, route, asleep) is { } target)
            await ForwardAsync(context, host, route, target);
    }

    /// <summary>Null when it does not come to that: the answer is given.</summary>
    private async Task<Target?> AwakeAsync(HttpContext context, string host, Route route, Target asleep)
    {
        try
        {
            return await wakes.EnterAsync(asleep.Id, route.Wake == WakeOn.Stopped, context.RequestAborted);
        }
        catch (WakeFailedException failure)
        {
            logger.LogDebug("A request for {Host} cannot wait for instance {Instance}: {Reason}", host, asleep.Id, failure.Message);
            await RefuseAsync(context, Refusal.NotWoken(host, failure.MayPass));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be told.
        }
        return null;
    }

    /// <summary>The secret is between us and the caller: the instance does not get to see it.</summary>
    private static bool MayUse(Route route, IHeaderDictionary headers)
    {
        if (route.HeaderAuth is not { } auth)
            return true;
        var given = headers[auth.Header];
        headers.Remove(auth.Header);
        return given is [{ } value] && auth.Fits(value);
    }

    private async Task ForwardAsync(HttpContext context, string host, Route route, Target target)
    {
        // :: Step 4: forward both ways; to where it is now, when what is in the tables was a moment behind
        var error = await SendAsync(context, route, target);
        if (error != ForwarderError.None && await AgainAsync(context, host, route, target) is { } again)
        {
            target = again;
            context.Response.Clear();
            error = await SendAsync(context, route, target);
        }
        if (error == ForwarderError.None || context.Response.HasStarted)
            return;

        // :: Step 5: say what went wrong
        var exception = context.GetForwarderErrorFeature()?.Exception;
        var refusal = Refusal.From(error, exception, target.Gone.IsCancellationRequested, host);
        logger.LogDebug(exception, "{Error} between {Host} and port {Port} of instance {Instance}", error, host, route.Port, target.Id);
        if (refusal is not null)
            await RefuseAsync(context, refusal);
    }

    /// <summary>Where to send the request once more after it has failed; null when it is not to be sent again.</summary>
    private async Task<Target?> AgainAsync(HttpContext context, string host, Route route, Target target)
    {
        if (!await MayRepeatAsync(context, target) || instances.FindById(target.Id) is not { } now)
            return null;
        if (now.MayAnswer)
            return now;
        return route.Wakes(now.Phase) ? await AwakeAsync(context, host, route, now) : null;
    }

    private ValueTask<ForwarderError> SendAsync(HttpContext context, Route route, Target target) => forwarder.SendAsync(
        context, InstanceClient.PrefixOf(target, route.Port), client.Invoker, _config, IngressTransformer.Instance, target.Gone);

    /// <summary>
    /// Whether what went wrong is that the instance is not what it was, and the request can be sent again: it has not reached
    /// anybody, or has no body and does nothing when it is made twice.
    /// </summary>
    private async Task<bool> MayRepeatAsync(HttpContext context, Target target)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
            return false;
        if (!Refusal.Holds<InstanceElsewhereException>(context.GetForwarderErrorFeature()?.Exception))
            return target.Gone.IsCancellationRequested && IsHarmless(context);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(target.Gone, context.RequestAborted);
        await Task.Delay(Limits.TablesBehind, time, enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return target.Gone.IsCancellationRequested;
    }

    private static bool IsHarmless(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method))
        && context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true };

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
