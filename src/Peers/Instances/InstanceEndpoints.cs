using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Hypeman.Peers.Instances;

/// <summary>
/// <c>CONNECT /peer/instances/{id}/ports/{port}</c>, with <c>:protocol</c> <see cref="Protocol"/> (RFC 8441): from then on
/// the stream is a TCP connection to the guest; with <c>?watch=true</c>, one that does not count as use of the instance.
/// Instances of this node only, so no request takes more than one hop.
/// </summary>
internal sealed class InstanceEndpoints(IEnumerable<INode> nodes, TimeProvider time) : IPeerEndpoints
{
    public const string Protocol = "hypeman-port";

    public static string PathOf(string instanceId, int port, bool keepsAwake) =>
        $"/peer/instances/{instanceId}/ports/{port}{(keepsAwake ? "" : "?watch=true")}";

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods("/peer/instances/{id}/ports/{port:int}", [HttpMethods.Connect], ConnectAsync);

    private async Task ConnectAsync(HttpContext context, string id, int port, bool watch = false)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true, Protocol: Protocol } tunnel)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"only {Protocol} is spoken here");
            return;
        }
        Stream guest;
        try
        {
            guest = await OpenAsync(id, port, keepsAwake: !watch, context.RequestAborted);
        }
        catch (NodeException refused)
        {
            await RefuseAsync(context, StatusOf(refused.Kind), refused.Message);
            return;
        }
        await using (guest)
        await using (var caller = await tunnel.AcceptAsync())
            await Relay.RunAsync(caller, guest, context.RequestAborted);
    }

    private async Task<Stream> OpenAsync(string id, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        var node = nodes.FirstOrDefault(node => node.Vms.Find(id) is not null)
            ?? throw new NodeException(NodeErrorKind.NotFound, $"instance {id} is not on this node");
        using var deadline = new CancellationTokenSource(Limits.InstanceConnect, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await node.Vms.ConnectAsync(id, port, keepsAwake, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new NodeException(NodeErrorKind.TimedOut, $"instance {id} did not answer on port {port} in time");
        }
    }

    private static int StatusOf(NodeErrorKind kind) => kind switch
    {
        NodeErrorKind.TimedOut => StatusCodes.Status504GatewayTimeout,
        NodeErrorKind.NotFound => StatusCodes.Status404NotFound,
        NodeErrorKind.WrongPhase => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status502BadGateway,
    };

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason, context.RequestAborted);
    }
}
