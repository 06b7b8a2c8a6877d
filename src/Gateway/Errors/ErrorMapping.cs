using System.Data.Common;
using Hypeman.Contracts.Errors;
using Microsoft.AspNetCore.WebUtilities;
using Orleans.Runtime;

namespace Hypeman.Gateway.Errors;

/// <summary>The one place where failures get their status, code and text.</summary>
internal static class ErrorMapping
{
    private const int RetryAfterSeconds = 1;

    public static ErrorAnswer From(Exception exception) => exception switch
    {
        RequestRefusedException refused => From(refused),
        HypemanException expected => From(expected),
        BadHttpRequestException http => OfStatus(http.StatusCode, http.Message),
        // A grain that cannot be read or written is told so by Orleans, in an exception of its own.
        DbException or OrleansException { InnerException: DbException } => Unavailable("the database cannot be reached"),
        TimeoutException or OperationCanceledException or OrleansException or EnumerationAbortedException
            => Unavailable("a part of the fleet cannot be reached"),
        _ => new ErrorAnswer(500, Body("internal_error", "internal error")) { IsFault = true },
    };

    /// <summary>A refusal that has no code of its own: its code is the name of the status.</summary>
    public static ErrorAnswer OfStatus(int status, string? message = null)
    {
        var name = ReasonPhrases.GetReasonPhrase(status);
        return new ErrorAnswer(status, Body(name, string.IsNullOrEmpty(message) ? name : message));
    }

    public static ErrorAnswer Unauthorized(string message) => OfStatus(401, message);

    public static ErrorAnswer MissingScope(string scope) => OfStatus(403, $"missing required scope: {scope}");

    private static ErrorAnswer From(RequestRefusedException refused)
    {
        var (code, message) = refused.Problems[0];
        var details = refused.Problems.Count == 1
            ? null
            : refused.Problems.Select(problem => new ErrorDetailResponse(problem.Code, problem.Message)).ToList();
        return new ErrorAnswer(code == "not_supported" ? 501 : 400, Body(code, message) with { Details = details })
        {
            ShouldRetry = code == "not_supported" ? false : null,
        };
    }

    private static ErrorAnswer From(HypemanException expected)
    {
        var body = Body(expected.Code, expected.Message);
        return expected.Kind switch
        {
            ErrorKind.InvalidRequest => new ErrorAnswer(400, body),
            ErrorKind.NotFound => new ErrorAnswer(404, body),

            // The official client repeats a 409, a 501 and a 504 unless it is told that this cannot help.
            ErrorKind.Ambiguous or ErrorKind.Conflict => new ErrorAnswer(409, body) { ShouldRetry = false },
            ErrorKind.InsufficientResources => new ErrorAnswer(409, body),
            ErrorKind.NotSupported => new ErrorAnswer(501, body) { ShouldRetry = false },
            ErrorKind.TimedOut => new ErrorAnswer(504, body) { ShouldRetry = false },
            ErrorKind.RateLimited => new ErrorAnswer(429, body) { RetryAfterSeconds = RetryAfterSeconds },
            ErrorKind.Unavailable => new ErrorAnswer(503, body) { RetryAfterSeconds = RetryAfterSeconds },
            ErrorKind.Internal => new ErrorAnswer(500, body) { IsFault = true },
        };
    }

    private static ErrorAnswer Unavailable(string message) =>
        new(503, Body("unavailable", message + ", try again")) { RetryAfterSeconds = RetryAfterSeconds, IsFault = true };

    private static ErrorResponse Body(string code, string message) => new() { Code = code, Message = message };
}
