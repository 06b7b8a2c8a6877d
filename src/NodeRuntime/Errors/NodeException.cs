namespace Hypeman.NodeRuntime.Errors;

/// <summary>The closed list of ways this host refuses or fails; translated for the fleet once, in Grains.</summary>
public enum NodeErrorKind
{
    /// <summary>The order can never work as it is.</summary>
    Invalid,
    NotFound,

    /// <summary>The VM is in a phase in which this cannot be done.</summary>
    WrongPhase,

    /// <summary>The VM is used, and the order was for one that is not.</summary>
    Busy,

    /// <summary>The order carries an epoch lower than the ledger's.</summary>
    Fenced,
    InsufficientResources,
    NotSupported,
    Unauthorized,
    RateLimited,

    /// <summary>A registry, a peer or the guest agent cannot be reached now.</summary>
    Unavailable,
    TimedOut,

    /// <summary>A tool or file that this host needs is missing; the message says what to install.</summary>
    DependencyMissing,
    Internal,
}

/// <summary>An expected failure of this host. The message is safe for users; <see cref="Detail"/> is for logs.</summary>
public sealed class NodeException(NodeErrorKind kind, string message, string? detail = null, Exception? inner = null)
    : Exception(message, inner)
{
    public NodeErrorKind Kind { get; } = kind;
    public string? Detail { get; } = detail;
}
