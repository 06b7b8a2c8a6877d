using Hypeman.Contracts.Errors;
using Hypeman.Gateway.Registry;
using Hypeman.Peers.Forwarding;

namespace Hypeman.Silo.Registry;

/// <summary>
/// Every gateway sends what is about a repository to the same node, so that the parts of one push meet there, whichever
/// gateway each of them reaches.
/// </summary>
internal sealed class RepositoryRouter(PeerForwarder forwarder) : IRegistryRouter
{
    public async Task<bool> ForwardAsync(HttpContext context, string repository) => await forwarder.SendAsync(context, repository) switch
    {
        ForwardOutcome.Ours => false,
        ForwardOutcome.Done => true,
        ForwardOutcome.Nobody => throw new HypemanException(
            ErrorKind.Unavailable, "unavailable", "no node can be reached that would take it, try again shortly"),
    };
}
