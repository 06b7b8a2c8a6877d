using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Peers;

/// <summary>One family of things that other members of the fleet may ask of this process. Whoever asks is a member.</summary>
public interface IPeerEndpoints
{
    /// <summary>What its routes take from the container of the server that they are in.</summary>
    void AddServices(IServiceCollection services)
    {
    }

    void Map(IEndpointRouteBuilder routes);
}
