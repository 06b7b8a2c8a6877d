using Hypeman.Ingress.Forwarding;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Ingress.Traffic;

/// <summary>Has each request handled, and writes down what became of it.</summary>
internal sealed class TrafficRecorder(IngressHandler handler, IngressMetrics metrics, AccessLog log, TimeProvider time)
{
    /// <param name="context">Of the request.</param>
    /// <param name="rulePort">The port of the rules that are served where it came in.</param>
    public async Task HandleAsync(HttpContext context, int rulePort)
    {
        var exchange = new Exchange(context);
        var began = time.GetTimestamp();
        metrics.Began();
        CountedFeatures.Install(exchange);
        try
        {
            await handler.HandleAsync(exchange, rulePort);
        }
        finally
        {
            var elapsed = time.GetElapsedTime(began);
            metrics.Ended(exchange, context.Response.StatusCode, elapsed);
            if (log.IsOn)
                log.Add(AccessEntry.Of(exchange, time.GetUtcNow() - elapsed, elapsed));
        }
    }
}
