namespace Hypeman.Gateway.Auth;

/// <summary>The scopes a token can carry. Tokens without a list of them may do everything.</summary>
public static class Scopes
{
    /// <summary>Grants every scope.</summary>
    public const string All = "*";

    public const string BuildAdmin = "build:admin";
    public const string DeviceRead = "device:read";
    public const string ImageDelete = "image:delete";
    public const string ImageRead = "image:read";
    public const string ImageWrite = "image:write";
    public const string IngressDelete = "ingress:delete";
    public const string IngressRead = "ingress:read";
    public const string IngressWrite = "ingress:write";
    public const string InstanceDelete = "instance:delete";
    public const string InstanceRead = "instance:read";
    public const string InstanceWrite = "instance:write";

    /// <summary>An extension of ours, as nodes are.</summary>
    public const string NodeRead = "node:read";

    /// <inheritdoc cref="NodeRead"/>
    public const string NodeWrite = "node:write";

    public const string ResourceRead = "resource:read";
    public const string SnapshotDelete = "snapshot:delete";
    public const string SnapshotRead = "snapshot:read";
    public const string SnapshotWrite = "snapshot:write";

    /// <summary>Every scope there is, sorted, <see cref="All"/> first.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        All,
        .. (from resource in (string[])["build", "device", "image", "ingress", "instance", "snapshot", "volume"]
            from verb in (string[])["delete", "read", "write"]
            select $"{resource}:{verb}")
            .Append(BuildAdmin).Append(NodeRead).Append(NodeWrite).Append(ResourceRead).Order(StringComparer.Ordinal),
    ];
}
