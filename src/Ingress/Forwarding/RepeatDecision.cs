using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Traffic;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Forwarding;

/// <summary>Which requests that have failed may be sent once more.</summary>
internal sealed class RepeatDecision(TimeProvider time)
{
    /// <summary>
    /// Whether what went wrong is that the instance is not what it was, and the request can be sent again: it has not reached
    /// anybody, or has no body and does nothing when it is made twice.
    /// </summary>
    public async Task<bool> MayRepeatAsync(Exchange exchange, Target target)
    {
        var context = exchange.Context;
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
            return false;
        var exception = context.GetForwarderErrorFeature()?.Exception;
        var isElsewhere = Refusal.Holds<InstanceElsewhereException>(exception);
        if (!isElsewhere && !IsUnsent(exchange) && !IsHarmless(context.Request))
            return false;
        var patience = isElsewhere ? Limits.TablesBehind : Refusal.IsCutOff(exception) ? Limits.TablesLate : TimeSpan.Zero;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(target.Gone, context.RequestAborted);
        await Task.Delay(patience, time, enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return target.Gone.IsCancellationRequested;
    }

    /// <summary>The client sends the headers with the beginning of the body, unless the body is to wait for an answer to them.</summary>
    private static bool IsUnsent(Exchange exchange) =>
        HasBody(exchange.Context.Request) && !exchange.IsBodyBegun && exchange.Context.Request.Headers.Expect.Count == 0;

    private static bool IsHarmless(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) && !HasBody(request);

    private static bool HasBody(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
}
