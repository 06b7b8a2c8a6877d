namespace Hypeman.Gateway.Auth;

/// <summary>Which scope each route of the API needs. A route that is not here is refused; a test keeps them equal.</summary>
internal static class RouteScopes
{
    /// <summary>Marks routes that anybody may ask.</summary>
    public const string Public = "";

    private static readonly Dictionary<string, string> Table = new(StringComparer.Ordinal)
    {
        ["GET /health"] = Public,
        ["GET /spec.yaml"] = Public,
        ["GET /spec.json"] = Public,
        ["GET /capabilities"] = Scopes.ResourceRead,

        ["GET /instances"] = Scopes.InstanceRead,
        ["POST /instances"] = Scopes.InstanceWrite,
        ["GET /instances/{id}"] = Scopes.InstanceRead,
        ["PATCH /instances/{id}"] = Scopes.InstanceWrite,
        ["DELETE /instances/{id}"] = Scopes.InstanceDelete,
        ["POST /instances/{id}/start"] = Scopes.InstanceWrite,
        ["POST /instances/{id}/stop"] = Scopes.InstanceWrite,
        ["POST /instances/{id}/standby"] = Scopes.InstanceWrite,
        ["POST /instances/{id}/restore"] = Scopes.InstanceWrite,
        ["POST /instances/{id}/fork"] = Scopes.InstanceWrite,
        ["POST /instances/{id}/move"] = Scopes.InstanceWrite,
        ["GET /instances/{id}/wait"] = Scopes.InstanceRead,
        ["GET /instances/{id}/stat"] = Scopes.InstanceRead,
        ["GET /instances/{id}/stats"] = Scopes.InstanceRead,
        ["GET /instances/{id}/auto-standby/status"] = Scopes.InstanceRead,
        ["POST /instances/{id}/auto-standby/hold"] = Scopes.InstanceWrite,
        ["GET /instances/{id}/logs"] = Scopes.InstanceRead,
        ["GET /instances/{id}/exec"] = Scopes.InstanceWrite,
        ["GET /instances/{id}/cp"] = Scopes.InstanceWrite,

        ["POST /instances/{id}/snapshots"] = Scopes.SnapshotWrite,
        ["POST /instances/{id}/snapshots/{snapshotId}/restore"] = Scopes.SnapshotWrite,
        ["GET /instances/{id}/snapshot-schedule"] = Scopes.SnapshotRead,
        ["PUT /instances/{id}/snapshot-schedule"] = Scopes.SnapshotWrite,
        ["DELETE /instances/{id}/snapshot-schedule"] = Scopes.SnapshotDelete,
        ["GET /snapshots"] = Scopes.SnapshotRead,
        ["GET /snapshots/{snapshotId}"] = Scopes.SnapshotRead,
        ["DELETE /snapshots/{snapshotId}"] = Scopes.SnapshotDelete,
        ["POST /snapshots/{snapshotId}/fork"] = Scopes.SnapshotWrite,

        ["GET /images"] = Scopes.ImageRead,
        ["POST /images"] = Scopes.ImageWrite,
        ["GET /images/{**name}"] = Scopes.ImageRead,
        ["DELETE /images/{**name}"] = Scopes.ImageDelete,

        ["GET /nodes"] = Scopes.NodeRead,
        ["GET /nodes/{id}"] = Scopes.NodeRead,
        ["DELETE /nodes/{id}"] = Scopes.NodeWrite,
        ["POST /nodes/{id}/cordon"] = Scopes.NodeWrite,
        ["POST /nodes/{id}/uncordon"] = Scopes.NodeWrite,
        ["POST /nodes/{id}/drain"] = Scopes.NodeWrite,
        ["DELETE /nodes/{id}/drain"] = Scopes.NodeWrite,

        ["GET /ingresses"] = Scopes.IngressRead,
        ["POST /ingresses"] = Scopes.IngressWrite,
        ["GET /ingresses/{id}"] = Scopes.IngressRead,
        ["DELETE /ingresses/{id}"] = Scopes.IngressDelete,
        ["GET /certificates"] = Scopes.IngressRead,
        ["GET /certificates/{name}"] = Scopes.IngressRead,
        ["POST /certificates/{name}/renew"] = Scopes.IngressWrite,
    };

    /// <summary>All routes as <c>METHOD /template</c> with the scope each needs.</summary>
    public static IReadOnlyDictionary<string, string> All => Table;

    /// <summary>
    /// The scope of a route, <see cref="Public"/>, or null for a route that is not in the table. HEAD needs that of GET.
    /// </summary>
    public static string? Find(string method, string template) =>
        Table.GetValueOrDefault($"{(HttpMethods.IsHead(method) ? HttpMethods.Get : method)} {template}");
}
