namespace Hypeman.Gateway.Requests;

/// <summary>HEAD for routes that answer GET: the same work, status and headers. The server leaves the body out.</summary>
internal static class HeadRequests
{
    private static readonly HttpMethodMetadata GetAndHead = new([HttpMethods.Get, HttpMethods.Head]);

    /// <summary>Lets every route of the group that takes GET take HEAD too.</summary>
    public static RouteGroupBuilder AnsweringHead(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
                endpoint.Metadata.Add(GetAndHead);
        });
        return routes;
    }
}
