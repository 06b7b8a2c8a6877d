using System.Net;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>
/// Requests to registries: redirects without taking secrets along, a limit on every silence, new tries after failures
/// that pass. The client it is given follows no redirects itself.
/// </summary>
internal sealed class RegistryTransport(HttpClient http, TimeSpan timeout, TimeProvider clock)
{
    private const int MaxTries = 5;
    private const int MaxRedirects = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Sends until there is an answer that another try would not change. The body is not read yet.</summary>
    /// <param name="newRequest">Makes a request; called for each try.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">Unavailable.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> newRequest, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answer = await FollowAsync(newRequest(), cancellationToken);
                if (!RegistryFailure.IsPassing(answer.StatusCode) || attempt == MaxTries)
                    return answer;
                answer.Dispose();
            }
            catch (Exception failure) when (IsLostConnection(failure, cancellationToken))
            {
                if (attempt == MaxTries)
                    throw Unreachable(newRequest().RequestUri!, failure);
            }
            await PauseAsync(attempt, cancellationToken);
        }
    }

    /// <summary>Waits before the next try: longer each time, and not in step with others.</summary>
    public Task PauseAsync(int attempt, CancellationToken cancellationToken) =>
        Task.Delay(FirstPause * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble()), clock, cancellationToken);

    /// <summary>Reads a part of a body; silence for too long is a lost connection.</summary>
    public Task<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken) =>
        WhileItAnswersAsync(stop => body.ReadAsync(buffer, stop).AsTask(), cancellationToken);

    /// <summary>A whole body that must not be larger.</summary>
    /// <exception cref="NodeException">Invalid: it is larger.</exception>
    public async Task<byte[]> ReadAllAsync(HttpResponseMessage answer, int maxBytes, CancellationToken cancellationToken)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await ReadAsync(body, buffer, cancellationToken) is > 0 and var count)
        {
            if (content.Length + count > maxBytes)
                throw new NodeException(NodeErrorKind.Invalid, $"The registry's answer is larger than {maxBytes} bytes.");
            content.Write(buffer, 0, count);
        }
        return content.ToArray();
    }

    /// <summary>Whether this is the network's doing, and neither the caller's nor ours.</summary>
    public static bool IsLostConnection(Exception failure, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        && failure is HttpRequestException or TimeoutException or HttpIOException or OperationCanceledException
            or IOException { InnerException: System.Net.Sockets.SocketException };

    public static NodeException Unreachable(Uri uri, Exception failure) => new(
        NodeErrorKind.Unavailable, $"Registry {uri.Authority} cannot be reached: {failure.Message}", inner: failure);

    private async Task<HttpResponseMessage> FollowAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            var answer = await SendOnceAsync(request, cancellationToken);
            if (!IsRedirect(answer.StatusCode) || answer.Headers.Location is not { } location)
                return answer;
            answer.Dispose();

            var from = request.RequestUri!;
            var to = new Uri(from, location);
            if (redirects == MaxRedirects || RegistryEndpoint.IsDowngrade(from, to)
                || (to.Scheme != Uri.UriSchemeHttp && to.Scheme != Uri.UriSchemeHttps))
                throw new NodeException(NodeErrorKind.Unavailable, $"Registry {from.Authority} redirects too often, or away from https.");
            var next = new HttpRequestMessage(request.Method, to);
            foreach (var (name, values) in request.Headers)
                if (name != "Authorization" || RegistryEndpoint.IsSameHost(from, to))
                    next.Headers.TryAddWithoutValidation(name, values);
            request = next;
        }
    }

    private Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        WhileItAnswersAsync(stop => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop), cancellationToken);

    private async Task<T> WhileItAnswersAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"nothing came for {timeout.TotalSeconds:0.###} s");
        }
    }

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently
        or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}
