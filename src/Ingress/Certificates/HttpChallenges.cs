using Hypeman.Contracts.Ingresses;
using Hypeman.Ingress.Traffic;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Ingress.Certificates;

/// <summary>Proofs of hostnames that issuers ask for over HTTP (RFC 8555, section 8.3).</summary>
internal sealed class HttpChallenges(CertificateDesk desk)
{
    private static readonly PathString Prefix = new("/.well-known/acme-challenge");

    /// <summary>Whether a request may be for one.</summary>
    public static bool Concerns(HttpRequest request, int rulePort) =>
        rulePort == IngressRule.HttpPort && !request.IsHttps && request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal);

    /// <summary>What proves the hostname; null when nobody is to be told, and it is a request like any other.</summary>
    public async ValueTask<string?> FindAsync(Exchange exchange)
    {
        var request = exchange.Context.Request;
        return request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal, out var token)
            && await desk.FindChallengeAsync(exchange.Host, exchange.Context.RequestAborted) is { IsAlpn: false } challenge
            && token.Value == "/" + challenge.Token
            ? challenge.KeyAuthorization
            : null;
    }
}
