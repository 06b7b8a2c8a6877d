using System.Net;
using System.Net.WebSockets;
using Hypeman.Client.Http;

namespace Hypeman.Cli.Invocation;

/// <summary>A run that cannot go on for a reason of its own.</summary>
internal sealed class CliException(string message, string? hint = null, int exitCode = ExitCode.Failed) : Exception(message)
{
    public string? Hint { get; } = hint;
    public int ExitCode { get; } = exitCode;
}

/// <summary>How a run ends badly: what went wrong, what to do about it, and the exit code.</summary>
internal sealed record Failure(string Message, string? Hint, int ExitCode)
{
    /// <summary>Null for what nobody expected: that is a bug, and its stack trace is wanted.</summary>
    public static Failure? From(Exception exception) => exception switch
    {
        CliException e => new(e.Message, e.Hint, e.ExitCode),
        OperationCanceledException => new("", null, Invocation.ExitCode.Interrupted),
        UnreachableException e => new(
            e.Message, "Is the fleet up? './dev up' starts one; HYPEMAN_BASE_URL or --base-url names another.",
            Invocation.ExitCode.Unreachable),
        ApiException e => new(Sentence(e), HintFor(e), CodeFor(e)),
        InvalidDataException or IOException or WebSocketException or UnauthorizedAccessException =>
            new(exception.Message, null, Invocation.ExitCode.Failed),
        _ => null,
    };

    private static int CodeFor(ApiException e) => e.Status switch
    {
        HttpStatusCode.NotFound => Invocation.ExitCode.NotFound,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Invocation.ExitCode.NotAllowed,
        _ => Invocation.ExitCode.Failed,
    };

    private static string Sentence(ApiException e) => e.Message.Length > 0 ? e.Message : $"the server answered {(int)e.Status} {e.Code}";

    private static string? HintFor(ApiException e) => e switch
    {
        { Status: HttpStatusCode.Unauthorized } => "Set HYPEMAN_API_KEY to a token; 'hypeman token --help' says how to make one.",
        { Status: HttpStatusCode.Forbidden } => "Use a token that has this scope; 'hypeman token --scopes ...' makes one.",
        { Code: "not_found" } => "'hypeman ps', 'hypeman image list' and 'hypeman ingress list' show what there is.",
        { Code: "ambiguous" } => "Give the whole id; 'hypeman ps' shows it.",
        { Code: "insufficient_resources" } => "Ask for less with --memory or --vcpus, or stop something: 'hypeman ps'.",
        _ => null,
    };
}
