using System.Net;
using Hypeman.Contracts.Ingresses;
using Hypeman.Ingress.Certificates;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Traffic;
using Hypeman.Ingress.Waking;
using Microsoft.AspNetCore.Connections.Features;
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
    CertificateTable certificates,
    HttpChallenges challenges,
    InstanceClient client,
    ApiForwarder api,
    WakeRoom wakes,
    RepeatDecision repeats,
    IHttpForwarder forwarder,
    TimeProvider time,
    IOptions<IngressOptions> options,
    ILogger<IngressHandler> logger)
{
    private const string Grpc = "application/grpc";

    private readonly ForwarderRequestConfig _http1 = Config(options.Value, HttpVersion.Version11);

    /// <summary>gRPC is HTTP/2 all the way; an instance that serves it speaks that without being asked.</summary>
    private readonly ForwarderRequestConfig _http2 = Config(options.Value, HttpVersion.Version20);

    /// <param name="exchange">The request; told what becomes of it.</param>
    /// <param name="rulePort">The port of the rules that are served where it came in.</param>
    public Task HandleAsync(Exchange exchange, int rulePort)
    {
        // :: Step 1: which host was asked for
        var request = exchange.Context.Request;
        if (HttpMethods.IsConnect(request.Method) && !IsWebSocket(exchange.Context))
            return Refusal.Tunnel.AnswerAsync(exchange.Context);
        var host = exchange.Host = Hostname.Normalize(request.Host.Value ?? "");
        if (host.Length == 0 || Hostname.HasUser(exchange.Context.Features.Get<IHttpRequestFeature>()!.RawTarget))
            return Refusal.NoHost.AnswerAsync(exchange.Context);
        if (HttpChallenges.Concerns(request, rulePort))
            return ProveAsync(exchange, rulePort);
        return RouteAsync(exchange, rulePort);
    }

    /// <summary>An issuer that asks for proof of the hostname is answered by us; what else comes on that path is for the instance.</summary>
    private async Task ProveAsync(Exchange exchange, int rulePort)
    {
        if (await challenges.FindAsync(exchange) is { } proof)
            await exchange.Context.Response.WriteAsync(proof, exchange.Context.RequestAborted);
        else
            await RouteAsync(exchange, rulePort);
    }

    private Task RouteAsync(Exchange exchange, int rulePort)
    {
        // :: Step 2: which rule
        var (host, request) = (exchange.Host, exchange.Context.Request);
        if (routes.Find(host, rulePort) is not { } route || (request.IsHttps && !route.Tls))
            return (feed.IsSynced ? Refusal.NoRoute(host) : Refusal.NotReady).AnswerAsync(exchange.Context);
        exchange.Route = route;
        if (route.Redirect is { } httpsPort)
            return RedirectAsync(exchange, httpsPort);
        if (route.Tls && WhyNotTls(exchange) is { } refusal)
            return refusal.AnswerAsync(exchange.Context);
        if (!MayUse(route, request.Headers))
            return Refusal.Forbidden.AnswerAsync(exchange.Context);

        if (route.IsApi)
            return ForwardToApiAsync(exchange);

        // :: Step 3: which instance
        if (instances.Find(route.Instance) is not { } target)
            return (feed.IsSynced ? Refusal.NoInstance(host, route.IsCaptured) : Refusal.NotReady).AnswerAsync(exchange.Context);
        exchange.Target = target;
        if (route.Wakes(target.Phase, request))
            return WakeAsync(exchange, route, target);
        if (!target.MayAnswer)
            return Refusal.NotAnswering(host, target).AnswerAsync(exchange.Context);

        return ForwardAsync(exchange, route, target);
    }

    private async Task ForwardToApiAsync(Exchange exchange)
    {
        if (await api.ForwardAsync(exchange) is { } refusal)
            await refusal.AnswerAsync(exchange.Context);
    }

    /// <summary>A connection is for the hostname that it was made for, and for those that the same certificate is for.</summary>
    private Refusal? WhyNotTls(Exchange exchange)
    {
        if (!exchange.Context.Request.IsHttps)
            return Refusal.NeedsTls;
        var named = Hostname.Normalize(exchange.Context.Features.Get<ITlsHandshakeFeature>()?.HostName ?? "");
        return named == exchange.Host || (certificates.Find(named) is { } shown && shown == certificates.Find(exchange.Host)) ? null : Refusal.Misdirected;
    }

    private static Task RedirectAsync(Exchange exchange, int httpsPort)
    {
        var port = httpsPort == IngressRule.HttpsPort ? "" : $":{httpsPort}";
        var target = IngressTransformer.PathIn(exchange.Context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "") ?? "/";
        exchange.Context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
        exchange.Context.Response.Headers.Location = $"https://{exchange.Host}{port}{target}";
        return Task.CompletedTask;
    }

    /// <summary>Holds the request until the instance runs, then forwards it as any other.</summary>
    private async Task WakeAsync(Exchange exchange, Route route, Target asleep)
    {
        if (await AwakeAsync(exchange, route, asleep) is { } target)
            await ForwardAsync(exchange, route, target);
    }

    /// <summary>Null when it does not come to that: the answer is given.</summary>
    private async Task<Target?> AwakeAsync(Exchange exchange, Route route, Target asleep)
    {
        var aborted = exchange.Context.RequestAborted;
        var began = time.GetTimestamp();
        try
        {
            return await wakes.EnterAsync(asleep.Id, route, aborted);
        }
        catch (WakeFailedException failure)
        {
            logger.LogDebug("A request for {Host} cannot wait for instance {Instance}: {Reason}", exchange.Host, asleep.Id, failure.Message);
            await Refusal.NotWoken(exchange.Host, failure.MayPass).AnswerAsync(exchange.Context);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // Nobody is left to be told.
        }
        finally
        {
            exchange.Waited = (exchange.Waited ?? default) + time.GetElapsedTime(began);
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

    private async Task ForwardAsync(Exchange exchange, Route route, Target target)
    {
        // :: Step 4: forward both ways; to where it is now, when what is in the tables was a moment behind
        await SendAsync(exchange, route, target);
        while (exchange.Error != ForwarderError.None && exchange.Repeats < Limits.MostRepeats && await AgainAsync(exchange, route, target) is { } again)
        {
            target = again;
            exchange.Repeats++;
            exchange.Context.Response.Clear();
            await SendAsync(exchange, route, target);
        }
        if (exchange.Error == ForwarderError.None || exchange.Context.Response.HasStarted)
            return;

        // :: Step 5: say what went wrong
        var exception = exchange.Context.GetForwarderErrorFeature()?.Exception;
        var refusal = Refusal.From(exchange.Error, exception, target.Gone.IsCancellationRequested, exchange.Host);
        logger.LogDebug(
            exception, "{Error} between {Host} and port {Port} of instance {Instance}", exchange.Error, exchange.Host, route.Port, target.Id);
        if (refusal is not null)
            await refusal.AnswerAsync(exchange.Context);
    }

    /// <summary>Where to send the request once more after it has failed; null when it is not to be sent again.</summary>
    private async Task<Target?> AgainAsync(Exchange exchange, Route route, Target target)
    {
        if (!await repeats.MayRepeatAsync(exchange, target) || instances.FindById(target.Id) is not { } now)
            return null;
        if (now.MayAnswer)
            return now;
        return route.Wakes(now.Phase, exchange.Context.Request) ? await AwakeAsync(exchange, route, now) : null;
    }

    private async ValueTask SendAsync(Exchange exchange, Route route, Target target)
    {
        exchange.Target = target;
        var prefix = InstanceClient.PrefixOf(target, route.Port, KeepsAwake(exchange.Context, route, target));
        exchange.Error = await forwarder.SendAsync(
            exchange.Context, prefix, client.Invoker, IsGrpc(exchange.Context.Request) ? _http2 : _http1, IngressTransformer.Instance, target.Gone);
    }

    /// <summary>What would not wake it does not keep it awake either.</summary>
    private static bool KeepsAwake(HttpContext context, Route route, Target target) =>
        target.Ignored is not { } ignored
        || ((context.Connection.RemoteIpAddress is not { } caller || !ignored.Covers(caller)) && route.IsWorthAWake(context.Request));

    /// <summary>Over HTTP/2 a WebSocket begins as a CONNECT (RFC 8441); the instance gets to see the usual upgrade.</summary>
    private static bool IsWebSocket(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    private static bool IsGrpc(HttpRequest request) =>
        HttpProtocol.IsHttp2(request.Protocol) && request.ContentType?.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase) == true;

    private static ForwarderRequestConfig Config(IngressOptions options, Version version) => new()
    {
        ActivityTimeout = options.IdleTimeout,
        Version = version,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
