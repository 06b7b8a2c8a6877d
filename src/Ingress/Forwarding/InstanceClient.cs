using System.Net;
using System.Text;
using Hypeman.Ingress.Routing;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress.Forwarding;

/// <summary>
/// The one HTTP client to all instances. Its connection pools are keyed by authority, so each incarnation of an
/// instance has an authority of its own: one that was restarted is never sent a connection of its former life. Requests
/// that do not keep an instance awake have connections of their own.
/// </summary>
internal sealed class InstanceClient : IDisposable
{
    private const string Use = "use", Watch = "watch";

    private readonly InstanceTable _instances;
    private readonly IInstanceConnector _connector;
    private readonly TimeSpan _connectTimeout;

    public InstanceClient(InstanceTable instances, IInstanceConnector connector, IOptions<IngressOptions> options)
    {
        _instances = instances;
        _connector = connector;
        _connectTimeout = options.Value.ConnectTimeout;
        Invoker = new HttpMessageInvoker(new PromptBodies(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = Limits.PooledIdle,
            MaxResponseHeadersLength = Limits.ResponseHeadersKib,
            // Header bytes pass as they are, whatever their encoding.
            RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            // Connecting has its own deadline below; the handler's would not say that it was one.
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            ConnectCallback = async (context, cancellationToken) =>
                await ConnectAsync(context.DnsEndPoint, cancellationToken),
        }));
    }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>The authority under which one incarnation of an instance is known to the client; never on the wire.</summary>
    public static string PrefixOf(Target target, int port, bool keepsAwake) =>
        $"http://{target.Id}.{target.Incarnation}.{(keepsAwake ? Use : Watch)}.internal:{port}";

    public void Dispose() => Invoker.Dispose();

    private async Task<Stream> ConnectAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var labels = endPoint.Host.Split('.');
        if (_instances.FindById(labels[0]) is not { } target || target.Incarnation.ToString() != labels[1])
            throw new IOException($"Instance {labels[0]} is gone or was restarted.");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, target.Gone);
        deadline.CancelAfter(_connectTimeout);
        try
        {
            return await _connector.ConnectAsync(target.Id, target.Home, endPoint.Port, labels[2] == Use, deadline.Token);
        }
        catch (OperationCanceledException) when (target.Gone.IsCancellationRequested)
        {
            throw new IOException($"Instance {target.Id} went away.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Instance {target.Id} did not answer on port {endPoint.Port} in time.");
        }
    }
}
