namespace Hypeman.Contracts.Ingresses;

/// <summary>A wish for an ingress: all of its rules are taken or none is.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-spec")]
public sealed record IngressSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required IReadOnlyList<IngressRule> Rules { get; init; }
    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

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
