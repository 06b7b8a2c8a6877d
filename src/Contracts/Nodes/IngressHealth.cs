namespace Hypeman.Contracts.Nodes;

public enum IngressCondition
{
    /// <summary>It has yet to learn its rules.</summary>
    Starting,

    Ready,

    /// <summary>It serves, but a port of a rule is not to be had, or it does not hear of changes.</summary>
    Degraded,
}

/// <summary>How the ingress of a node's process is.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-health")]
public sealed record IngressHealth
{
    [Id(0)] public required IngressCondition Condition { get; init; }

    /// <summary>What is wrong; null when nothing is.</summary>
    [Id(1)] public string? Reason { get; init; }

    /// <summary>Where rules for port 80 are served.</summary>
    [Id(2)] public required int Port { get; init; }

    /// <summary>Hostnames and patterns that lead somewhere.</summary>
    [Id(3)] public required int Rules { get; init; }

    [Id(4)] public required long OpenRequests { get; init; }

    /// <summary>Those of them that wait for an instance to wake.</summary>
    [Id(5)] public required int WaitingRequests { get; init; }
}

/// <summary>Looks at the ingress of this process.</summary>
public interface IIngressProbe
{
    IngressHealth Look();
}
