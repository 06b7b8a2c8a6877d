using System.Net;
using Hypeman.Ingress.Traffic;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Forwarding;

/// <summary>Sends requests for the API's own hostname on to the API, which speaks HTTP in the clear and no TLS.</summary>
internal sealed class ApiForwarder(IHttpForwarder forwarder, IOptions<IngressOptions> options) : IDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.Value.ConnectTimeout,
    });

    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = options.Value.IdleTimeout,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>What to say in its place; null when it was answered.</summary>
    public async Task<Refusal?> ForwardAsync(Exchange exchange)
    {
        if (options.Value.ApiUpstream() is not { } upstream)
            return Refusal.NoApi;
        exchange.Error = await forwarder.SendAsync(
            exchange.Context, upstream.GetLeftPart(UriPartial.Authority), _client, _config, IngressTransformer.Instance, exchange.Context.RequestAborted);
        return exchange.Error == ForwarderError.None || exchange.Context.Response.HasStarted ? null : Refusal.NoApi;
    }

    public void Dispose() => _client.Dispose();
}
