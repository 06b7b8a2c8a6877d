using Hypeman.Contracts.Errors;
using Hypeman.Gateway.Auth;

namespace Hypeman.Gateway.Health;

/// <summary>
/// Refuses requests to the API while no grain can be reached. They would hang until their timeout, when a word at once
/// lets the caller, or the load balancer before us, try another gateway.
/// </summary>
internal sealed class FleetGate(RequestDelegate next, IFleetLink link)
{
    public static HypemanException Closed() =>
        new(ErrorKind.Unavailable, "unavailable", "no silo of the fleet can be reached, try again shortly");

    public Task InvokeAsync(HttpContext context) =>
        link.IsUp || !NeedsFleet(context) ? next(context) : throw Closed();

    private static bool NeedsFleet(HttpContext context) =>
        context.GetEndpoint() is RouteEndpoint route
        && route.Metadata.GetMetadata<ApiRoute>() is not null
        && RouteScopes.Find(context.Request.Method, route.RoutePattern.RawText!) != RouteScopes.Public;
}
