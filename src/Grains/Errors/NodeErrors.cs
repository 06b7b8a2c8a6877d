using Hypeman.Contracts.Errors;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.Grains.Errors;

/// <summary>What a node refuses, in the words of the fleet. The only place where the two vocabularies meet.</summary>
internal static class NodeErrors
{
    public static HypemanException ToHypeman(this NodeException error)
    {
        var (kind, code) = Classify(error.Kind);
        return new HypemanException(kind, code, error.Message, error.Detail);
    }

    /// <summary>Whether the same order may work a little later without anybody changing anything.</summary>
    public static bool IsPassing(this NodeException error) => error.Kind switch
    {
        NodeErrorKind.WrongPhase or NodeErrorKind.Busy or NodeErrorKind.Unavailable or NodeErrorKind.TimedOut => true,
        NodeErrorKind.Invalid or NodeErrorKind.NotFound or NodeErrorKind.Fenced or NodeErrorKind.InsufficientResources
            or NodeErrorKind.NotSupported or NodeErrorKind.Unauthorized or NodeErrorKind.RateLimited
            or NodeErrorKind.DependencyMissing or NodeErrorKind.Internal => false,
    };

    private static (ErrorKind Kind, string Code) Classify(NodeErrorKind kind) => kind switch
    {
        NodeErrorKind.Invalid => (ErrorKind.InvalidRequest, "invalid_request"),
        NodeErrorKind.NotFound => (ErrorKind.NotFound, "not_found"),
        NodeErrorKind.WrongPhase => (ErrorKind.Conflict, "invalid_state"),
        NodeErrorKind.Busy => (ErrorKind.Conflict, "invalid_state"),
        NodeErrorKind.Fenced => (ErrorKind.Conflict, "conflict"),
        NodeErrorKind.InsufficientResources => (ErrorKind.InsufficientResources, "insufficient_resources"),
        NodeErrorKind.NotSupported => (ErrorKind.NotSupported, "not_supported"),
        // Registries answer alike for what is not there and for what may not be seen; so does the API.
        NodeErrorKind.Unauthorized => (ErrorKind.NotFound, "not_found"),
        NodeErrorKind.RateLimited => (ErrorKind.RateLimited, "rate_limited"),
        NodeErrorKind.Unavailable => (ErrorKind.Unavailable, "unavailable"),
        NodeErrorKind.TimedOut => (ErrorKind.TimedOut, "timeout"),
        NodeErrorKind.DependencyMissing => (ErrorKind.Internal, "dependency_missing"),
        NodeErrorKind.Internal => (ErrorKind.Internal, "internal_error"),
    };
}
