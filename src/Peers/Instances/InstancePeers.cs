using System.Net;
using Hypeman.Contracts.Streams;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Peers.Connections;

namespace Hypeman.Peers.Instances;

/// <summary>The way to ports of instances on other nodes.</summary>
public sealed class InstancePeers(PeerDirectory directory, PeerClient client)
{
    /// <summary>Opens a TCP connection to the guest, as a stream over the peer channel; the caller owns it.</summary>
    /// <param name="instanceId">Of the instance.</param>
    /// <param name="home">The node it lives on.</param>
    /// <param name="port">Of the guest.</param>
    /// <param name="keepsAwake">Whether it counts as use of the instance.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">NotFound, WrongPhase: it does not run there.</exception>
    /// <exception cref="TimeoutException">The guest did not answer in time.</exception>
    /// <exception cref="IOException">The node, the instance or its port cannot be reached.</exception>
    public async Task<Stream> ConnectAsync(string instanceId, string home, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        var peer = await directory.FindAsync(home, cancellationToken)
            ?? throw new IOException($"Instance {instanceId} lives on node {home}, whose address is not known.");
        using var request = PeerClient.Request(HttpMethod.Connect, peer, InstanceEndpoints.PathOf(instanceId, port, keepsAwake));
        request.Headers.Protocol = InstanceEndpoints.Protocol;
        var answer = await client.SendAsync(request, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.OK)
            return new PromptStream(await answer.Content.ReadAsStreamAsync(cancellationToken));
        using (answer)
        {
            var reason = await PeerClient.ReadRefusalAsync(answer, cancellationToken);
            throw answer.StatusCode switch
            {
                HttpStatusCode.GatewayTimeout => new TimeoutException(reason),
                HttpStatusCode.NotFound => new NodeException(NodeErrorKind.NotFound, reason),
                HttpStatusCode.Conflict => new NodeException(NodeErrorKind.WrongPhase, reason),
                _ => new IOException(reason),
            };
        }
    }
}
