namespace Hypeman.Contracts.Errors;

/// <summary>
/// The closed list of ways a request can be refused. A new member is added only when a caller, an operator or the
/// gateway must act differently on it; what went wrong in particular is the <see cref="HypemanException.Code"/>.
/// </summary>
public enum ErrorKind
{
    /// <summary>The request can never work as it is; the message names the field and what would be right.</summary>
    InvalidRequest,

    /// <summary>Nothing has this id or name.</summary>
    NotFound,

    /// <summary>A name or id prefix matches several resources.</summary>
    Ambiguous,

    /// <summary>The resource is in a state, or held by another, so that this cannot be done now.</summary>
    Conflict,

    /// <summary>No node has room for it.</summary>
    InsufficientResources,

    /// <summary>This server, node or hypervisor cannot do that.</summary>
    NotSupported,

    /// <summary>A limit on requests was met, here or at a registry.</summary>
    RateLimited,

    /// <summary>A part of the fleet cannot be reached now; the same request may work later.</summary>
    Unavailable,

    /// <summary>The outcome did not come within its deadline; the work may still go on.</summary>
    TimedOut,

    /// <summary>A fault of ours. The message is safe to show; the cause is in the log.</summary>
    Internal,
}
