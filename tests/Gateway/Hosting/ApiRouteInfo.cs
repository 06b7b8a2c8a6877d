using Hypeman.Gateway.Auth;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Tests.Gateway.Hosting;

/// <summary>A route of the running API.</summary>
internal sealed record ApiRouteInfo(string Method, string Template, string? OperationId)
{
    /// <summary>All that are mapped. HEAD goes with GET and is not listed.</summary>
    public static IReadOnlyList<ApiRouteInfo> AllOf(ApiHost api) =>
    [
        .. from endpoint in api.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<ApiRoute>() is not null
           from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
           where method != HttpMethods.Head
           select new ApiRouteInfo(
               method, endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName),
    ];

    /// <summary>As the route table and the test names write it.</summary>
    public string Key => $"{Method} {Template}";

    /// <summary>As openapi.yaml writes it.</summary>
    public string DocumentKey => Key.Replace("{**", "{", StringComparison.Ordinal);

    /// <summary>A path that meets the route.</summary>
    public string SamplePath => Template
        .Replace("{id}", "nobody", StringComparison.Ordinal).Replace("{**name}", "nothing", StringComparison.Ordinal);
}
