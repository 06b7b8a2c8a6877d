namespace Hypeman.Contracts.Ingresses;

/// <summary>One hostname and port of ours that leads to a port of an instance.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-rule")]
public sealed record IngressRule
{
    [Id(0)] public required string Hostname { get; init; }
    [Id(1)] public int Port { get; init; } = 80;

    /// <summary>Name or id of the instance; the canonical name once the ingress is made.</summary>
    [Id(2)] public required string TargetInstance { get; init; }

    [Id(3)] public required int TargetPort { get; init; }
    [Id(4)] public bool Tls { get; init; }
    [Id(5)] public bool RedirectHttp { get; init; }
}

[GenerateSerializer, Immutable, Alias("hypeman.ingress-spec")]
public sealed record IngressSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required IReadOnlyList<IngressRule> Rules { get; init; }
    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a caller may know about an ingress; also its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-info")]
public sealed record IngressInfo
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public required IReadOnlyList<IngressRule> Rules { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One ingress: its rules are checked and claimed here; the ingress proxies read them from the index.</summary>
[Alias("hypeman.ingress")]
public interface IIngressGrain : IGrainWithStringKey
{
    /// <exception cref="Errors.HypemanException">
    /// <c>bad_request</c>, <c>instance_not_found</c>, <c>hostname_in_use</c>, <c>already_exists</c>,
    /// <c>config_validation_failed</c>.
    /// </exception>
    [Alias("Create")] Task<IngressInfo> CreateAsync(IngressSpec spec);

    [Alias("Get")] Task<IngressInfo> GetAsync();

    [Alias("Delete")] Task DeleteAsync();
}
