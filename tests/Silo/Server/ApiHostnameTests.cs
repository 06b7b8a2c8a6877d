using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Silo.Certificates;
using Hypeman.Silo.Configuration;

namespace Hypeman.Tests.Silo.Server;

/// <summary>The API over HTTPS, under a hostname of its own, by the ingress of the same process.</summary>
public sealed class ApiHostnameTests
{
    private const string Host = "api.example.com";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_called_by_its_hostname_and_no_rule_can_take_that()
    {
        await using var server = new TestServer(new Dictionary<string, string> { ["--api-hostname"] = Host, ["--acme-ca"] = "development" });
        await server.StartAsync();
        using var client = Client(server);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("health", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("instances", Cancelled)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token(null));
        Assert.Equal("[]", await client.GetStringAsync("instances", Cancelled));

        var rule = new { match = new { hostname = "API.example.com", port = 81 }, target = new { instance = "web", port = 80 } };
        using var refused = await client.PostAsJsonAsync("ingresses", new { name = "mine", rules = new[] { rule } }, Cancelled);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("hostname_in_use", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Contains($"\"name\":\"{Host}\",\"state\":\"ready\"", await client.GetStringAsync("certificates", Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_issuer_the_error_says_what_to_set()
    {
        var read = new SettingsReader(new Dictionary<string, string> { ["--api-hostname"] = Host }, _ => null, []).Read();

        Assert.Contains(read.Errors, error => error.StartsWith("api.hostname: needs a certificate", StringComparison.Ordinal));
    }

    private static HttpClient Client(TestServer server)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(server.Data, Issuers.DevelopmentCertificate));
        var handler = new SocketsHttpHandler
        {
            SslOptions = { CertificateChainPolicy = policy },
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, server.Server.IngressTlsPort, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://{Host}/") };
    }
}
