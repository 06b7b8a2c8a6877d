using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hypeman.Ingress.Traffic;

/// <summary>Has the bytes of a request counted, whichever way they take: bodies, or the connection itself after an upgrade.</summary>
internal static class CountedFeatures
{
    public static void Install(Exchange exchange)
    {
        var (context, features) = (exchange.Context, exchange.Context.Features);
        context.Response.Body = new CountingStream(context.Response.Body, exchange);
        if (features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            context.Request.Body = new CountingStream(context.Request.Body, exchange);
        if (features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
            features.Set<IHttpUpgradeFeature>(new CountedUpgrade(upgrade, exchange));
        if (features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            features.Set<IHttpExtendedConnectFeature>(new CountedConnect(connect, exchange));
    }

    private sealed class CountedUpgrade(IHttpUpgradeFeature inner, Exchange exchange) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => new CountingStream(await inner.UpgradeAsync(), exchange);
    }

    private sealed class CountedConnect(IHttpExtendedConnectFeature inner, Exchange exchange) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => new CountingStream(await inner.AcceptAsync(), exchange);
    }
}
