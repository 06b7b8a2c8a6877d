using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Contracts.Ingresses;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>An ingress whose callers speak HTTPS.</summary>
internal static class TlsHarness
{
    /// <summary>Publishes a backend with TLS on port 443, and its certificate.</summary>
    public static async Task PublishTlsAsync(this IngressHarness ingress, string host, int localPort, string name = "web")
    {
        await ingress.PublishAsync(host, localPort, name, change: OverTls);
        await ingress.CertifyAsync(host);
    }

    public static IngressRule OverTls(IngressRule rule) => rule with { Tls = true, Port = IngressRule.HttpsPort };

    /// <summary>A client that trusts the tests' CA, and comes to the ingress whatever the hostname.</summary>
    public static HttpMessageInvoker TlsClient(this IngressHarness ingress, string host, int? port = null) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = Trusting(host),
        ConnectCallback = async (_, cancellationToken) => await ConnectAsync(port ?? ingress.TlsPort, cancellationToken),
    });

    public static SslClientAuthenticationOptions Trusting(string host)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Certificates.Authority);
        return new SslClientAuthenticationOptions { TargetHost = host, CertificateChainPolicy = policy };
    }

    /// <summary>A connection, once the port is open.</summary>
    public static async Task<NetworkStream> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Until.True(() => TryConnect(socket, port), IngressHarness.Patience, "the port is open");
        cancellationToken.ThrowIfCancellationRequested();
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static bool TryConnect(Socket socket, int port)
    {
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
