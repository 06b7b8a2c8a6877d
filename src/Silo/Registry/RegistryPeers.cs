using Hypeman.Contracts.Index;
using Hypeman.Gateway.Auth;
using Hypeman.Gateway.Registry;
using Hypeman.Peers;

namespace Hypeman.Silo.Registry;

/// <summary>The registry of this node, for what gateways send on. The pusher's token is checked again here.</summary>
internal sealed class RegistryPeers(IServiceProvider outer) : IPeerEndpoints
{
    // Looked up when they are needed: the node has not started yet.
    public void AddServices(IServiceCollection services) => services
        .AddSingleton(_ => outer.GetRequiredService<IRegistryStore>())
        .AddSingleton(_ => outer.GetRequiredService<ITokenValidator>())
        .AddSingleton(_ => outer.GetRequiredService<IResourceIndex>())
        .AddSingleton(_ => outer.GetRequiredService<IGrainFactory>())
        .AddSingleton(_ => outer.GetRequiredService<TimeProvider>())
        .AddRegistry();

    public void Map(IEndpointRouteBuilder routes) => routes.MapRegistry();
}
