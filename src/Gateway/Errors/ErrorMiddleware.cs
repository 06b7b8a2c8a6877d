using Hypeman.Contracts.Errors;

namespace Hypeman.Gateway.Errors;

/// <summary>
/// Turns whatever goes wrong into the contract's error body. Faults of ours are logged under the request's id, which
/// the caller finds in <c>X-Request-Id</c>; their text stays here.
/// </summary>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
        try
        {
            await next(context);
            if (IsBare(context))
                await WriteAsync(context, ErrorMapping.OfStatus(context.Response.StatusCode, WhyBare(context)));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await FailAsync(context, exception);
        }
    }

    /// <summary>Writes an error; also used before an upgrade to a WebSocket.</summary>
    public static Task WriteAsync(HttpContext context, ErrorAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        if (answer.ShouldRetry is { } shouldRetry)
            response.Headers["x-should-retry"] = shouldRetry ? "true" : "false";
        if (answer.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return response.WriteAsJsonAsync(answer.Body, WireJson.Api.ErrorResponse, cancellationToken: context.RequestAborted);
    }

    /// <summary>Routing answers unknown paths and methods with a bare status.</summary>
    private static bool IsBare(HttpContext context) =>
        context.GetEndpoint() is not RouteEndpoint && context.Response is { HasStarted: false, StatusCode: 404 or 405 };

    private static string WhyBare(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        return response.StatusCode == StatusCodes.Status405MethodNotAllowed
            ? $"{request.Path} does not take {request.Method}, only {response.Headers.Allow}"
            : $"there is nothing at {request.Path}";
    }

    private Task FailAsync(HttpContext context, Exception exception)
    {
        var answer = ErrorMapping.From(exception);
        var detail = (exception as HypemanException)?.Detail;
        if (answer.IsFault)
            log.LogError(exception, "Request {RequestId} failed with {Status}. {Detail}", context.TraceIdentifier, answer.Status, detail);
        else if (detail is not null)
            log.LogWarning("Request {RequestId} was refused with {Status}: {Detail}", context.TraceIdentifier, answer.Status, detail);
        return WriteAsync(context, answer);
    }
}
