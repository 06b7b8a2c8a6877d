namespace Hypeman.Contracts.Ingresses;

/// <summary>A wish for an ingress: all of its rules are taken or none is.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-spec")]
public sealed record IngressSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required IReadOnlyList<IngressRule> Rules { get; init; }
    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>Which instances at rest a request has run.</summary>
public enum WakeOn
{
    /// <summary>Those in standby go on.</summary>
    Standby,

    /// <summary>Those in standby go on, and those that are stopped are started.</summary>
    Stopped,

    /// <summary>None: it is answered that the instance does not run.</summary>
    Never,
}

/// <summary>One hostname, or pattern of hostnames, and port of ours that leads to a port of an instance.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-rule")]
public sealed record IngressRule
{
    public const int HttpPort = 80, HttpsPort = 443;

    /// <summary>See <see cref="HostPattern"/>.</summary>
    [Id(0)] public required string Hostname { get; init; }
    [Id(1)] public int Port { get; init; } = HttpPort;

    /// <summary>
    /// Name or id of the instance; the canonical name once the ingress is made. Of a pattern: made of its captures, and looked
    /// up when a request comes.
    /// </summary>
    [Id(2)] public required string TargetInstance { get; init; }

    [Id(3)] public required int TargetPort { get; init; }
    /// <summary>Callers speak HTTPS with us; we speak HTTP with the instance.</summary>
    [Id(4)] public bool Tls { get; init; }

    /// <summary>Callers that come to port 80 are sent to https.</summary>
    [Id(5)] public bool RedirectHttp { get; init; }

    /// <summary>What requests must carry; null: nothing.</summary>
    [Id(6)] public HeaderSecret? HeaderAuth { get; init; }

    /// <summary>Which instances a request wakes.</summary>
    [Id(7)] public WakeOn Wake { get; init; } = WakeOn.Standby;

    /// <summary>Which requests do; null: all.</summary>
    [Id(8)] public WakeFilter? WakeFilter { get; init; }
}
