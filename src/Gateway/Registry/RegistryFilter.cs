using Hypeman.Contracts.Errors;

namespace Hypeman.Gateway.Registry;

/// <summary>Puts what goes wrong on <c>/v2/</c> into the protocol's form.</summary>
internal sealed class RegistryFilter(ILogger<RegistryFilter> log) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        context.Response.Headers["Docker-Distribution-API-Version"] = "registry/2.0";
        try
        {
            return await next(invocation);
        }
        catch (RegistryException refusal)
        {
            if (refusal.Error == RegistryError.Unauthorized)
                context.Response.Headers.WWWAuthenticate = ChallengeOf(context.Request);
            return Answer(refusal.Status, refusal.Code, refusal.Message);
        }
        catch (BadHttpRequestException failure)
        {
            return Answer(failure.StatusCode, "SIZE_INVALID", failure.Message);
        }
        catch (HypemanException failure)
        {
            return Translate(failure);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogError(failure, "Registry request {RequestId} failed", context.TraceIdentifier);
            return Answer(StatusCodes.Status500InternalServerError, "UNKNOWN", "internal error");
        }
    }

    private IResult Translate(HypemanException failure)
    {
        log.LogWarning("The catalog refused a push: {Code} {Message} {Detail}", failure.Code, failure.Message, failure.Detail);
        return failure.Kind switch
        {
            ErrorKind.InvalidRequest => Answer(StatusCodes.Status400BadRequest, "MANIFEST_INVALID", failure.Message),
            ErrorKind.NotFound => Answer(StatusCodes.Status404NotFound, "MANIFEST_UNKNOWN", failure.Message),
            ErrorKind.RateLimited => Answer(StatusCodes.Status429TooManyRequests, "TOOMANYREQUESTS", failure.Message),
            ErrorKind.Unavailable or ErrorKind.TimedOut => Answer(StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", failure.Message),
            ErrorKind.InsufficientResources => Answer(StatusCodes.Status507InsufficientStorage, "UNAVAILABLE", failure.Message),
            ErrorKind.Ambiguous or ErrorKind.Conflict or ErrorKind.NotSupported =>
                Answer(StatusCodes.Status400BadRequest, "MANIFEST_INVALID", failure.Message),
            ErrorKind.Internal => Answer(StatusCodes.Status500InternalServerError, "UNKNOWN", "internal error"),
        };
    }

    private static string ChallengeOf(HttpRequest request) => request.Path.Value == RegistryEndpoints.TokenPath
        ? "Basic realm=\"hypeman\""
        : $"Bearer realm=\"{request.Scheme}://{request.Host}{RegistryEndpoints.TokenPath}\",service=\"hypeman\"";

    private static IResult Answer(int status, string code, string message) =>
        Results.Json(new RegistryErrors([new RegistryErrorItem(code, message)]), WireJson.Registry.RegistryErrors, statusCode: status);
}
