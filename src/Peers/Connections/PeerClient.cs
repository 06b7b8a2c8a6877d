using System.Net;
using System.Text;

namespace Hypeman.Peers.Connections;

/// <summary>The one HTTP client to all peers: HTTP/2 over mutual TLS, a few connections with many streams each.</summary>
public sealed class PeerClient : IDisposable
{
    public PeerClient(IPeerIdentity identity) => Invoker = new HttpMessageInvoker(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Limits.Connect,
        EnableMultipleHttp2Connections = true,
        // Now and then a new one, so that a replaced identity comes into use. What is open on the old one goes on.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        KeepAlivePingDelay = Limits.Ping,
        KeepAlivePingTimeout = Limits.Ping,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        SslOptions = identity.ClientOptions(),
    });

    /// <summary>Does not buffer: answers come as soon as their headers are there.</summary>
    public HttpMessageInvoker Invoker { get; }

    public static HttpRequestMessage Request(HttpMethod method, Peer peer, string path) => new(method, new Uri(peer.Address, path))
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <exception cref="IOException">The peer cannot be reached.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await Invoker.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new IOException($"{request.RequestUri!.Authority} cannot be reached: {e.Message}", e);
        }
        // The handler tells its own timeouts as cancellations.
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{request.RequestUri!.Authority} cannot be reached: it did not answer in time", e);
        }
    }

    /// <summary>The words with which a peer refused.</summary>
    public static async Task<string> ReadRefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[Limits.RefusalBytes];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    public void Dispose() => Invoker.Dispose();
}
