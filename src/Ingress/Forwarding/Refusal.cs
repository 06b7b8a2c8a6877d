using System.Text;
using Hypeman.Contracts.Instances;
using Hypeman.Ingress.Routing;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Forwarding;

/// <summary>An answer of our own, given instead of an instance's: a status and one line of plain text.</summary>
internal sealed record Refusal(int Status, string Text)
{
    public static readonly Refusal NotReady =
        new(StatusCodes.Status503ServiceUnavailable, "Service unavailable: the ingress is starting, try again shortly");

    public static readonly Refusal NoHost =
        new(StatusCodes.Status400BadRequest, "Bad request: the Host header is missing or not a host");

    public static readonly Refusal Tunnel =
        new(StatusCodes.Status405MethodNotAllowed, "Method not allowed: CONNECT is not served here");

    public static readonly Refusal Forbidden =
        new(StatusCodes.Status403Forbidden, "Forbidden: the request does not carry what this hostname asks for");

    public static readonly Refusal NeedsTls =
        new(StatusCodes.Status400BadRequest, "Bad request: this hostname speaks https on this port");

    public static readonly Refusal Misdirected =
        new(StatusCodes.Status421MisdirectedRequest, "Misdirected request: this connection was made for another hostname");

    public static readonly Refusal NoApi =
        new(StatusCodes.Status503ServiceUnavailable, "Service unavailable: the API cannot be reached from here now, try again shortly");

    public static Refusal NoRoute(string host) =>
        new(StatusCodes.Status404NotFound, $"Not found: no ingress configured for hostname {host}");

    public static Refusal NoInstance(string host, bool isCaptured) => isCaptured
        ? new(StatusCodes.Status404NotFound, $"Not found: there is no instance for hostname {host}")
        : new(StatusCodes.Status502BadGateway, $"Bad gateway: the instance behind {host} does not exist any more");

    /// <summary>The instance is there, but neither runs nor wakes; or it has no network.</summary>
    public static Refusal NotAnswering(string host, Target target) => target.Phase == InstancePhase.Running
        ? new(StatusCodes.Status502BadGateway, $"Bad gateway: the instance behind {host} has no network")
        : new(StatusCodes.Status502BadGateway, $"Bad gateway: the instance behind {host} is not running (state: {target.Phase})");

    /// <summary>Why is for whoever runs the instance, not for whoever asks it.</summary>
    public static Refusal NotWoken(string host, bool mayPass) => mayPass
        ? new(StatusCodes.Status503ServiceUnavailable, $"Service unavailable: the instance behind {host} does not wake now, try again shortly")
        : new(StatusCodes.Status502BadGateway, $"Bad gateway: the instance behind {host} cannot be woken");

    /// <summary>What to say after a failed forward when nothing was sent yet; null when nobody is left to read it.</summary>
    public static Refusal? From(ForwarderError error, Exception? exception, bool instanceWent, string host) => error switch
    {
        ForwarderError.None => null,
        _ when instanceWent => new(StatusCodes.Status502BadGateway, $"Bad gateway: the instance behind {host} went away"),
        ForwarderError.RequestTimedOut or ForwarderError.UpgradeActivityTimeout => TimedOut(host),
        ForwarderError.RequestBodyClient => Unreadable(exception),
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled
            or ForwarderError.UpgradeRequestCanceled or ForwarderError.ResponseBodyCanceled
            or ForwarderError.UpgradeResponseCanceled => null,
        _ when Holds<TimeoutException>(exception) => TimedOut(host),
        _ => new(StatusCodes.Status502BadGateway, $"Bad gateway: the instance behind {host} cannot be reached or gave no valid answer"),
    };

    /// <summary>Says it to the caller, of whose answer nothing was sent yet.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = Status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        if (Status == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = "1";
        var text = Encoding.UTF8.GetBytes(Text);
        response.ContentLength = text.Length;
        return response.Body.WriteAsync(text, context.RequestAborted).AsTask();
    }

    private static Refusal TimedOut(string host) =>
        new(StatusCodes.Status504GatewayTimeout, $"Gateway timeout: the instance behind {host} did not answer in time");

    private static Refusal Unreadable(Exception? exception) => exception switch
    {
        _ when Holds<BadHttpRequestException>(exception, bad => bad.StatusCode == StatusCodes.Status413PayloadTooLarge) =>
            new(StatusCodes.Status413PayloadTooLarge, "Payload too large: the request body is above the limit of this ingress"),
        _ when Holds<OperationCanceledException>(exception) =>
            new(StatusCodes.Status408RequestTimeout, "Request timeout: nothing more of the request body came"),
        _ => new(StatusCodes.Status400BadRequest, "Bad request: the request body could not be read"),
    };

    /// <summary>Whether a connection that was there has broken, as it does when an instance goes, and not only then.</summary>
    public static bool IsCutOff(Exception? exception) => Holds<HttpRequestException>(
        exception, failed => failed.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.Unknown);

    /// <summary>Whether it was caused by one of this kind.</summary>
    public static bool Holds<T>(Exception? exception)
        where T : Exception => Holds<T>(exception, _ => true);

    private static bool Holds<T>(Exception? exception, Predicate<T> predicate)
        where T : Exception => exception switch
        {
            null => false,
            T wanted when predicate(wanted) => true,
            AggregateException many => many.InnerExceptions.Any(inner => Holds(inner, predicate)),
            _ => Holds(exception.InnerException, predicate),
        };
}
