using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hypeman.Certificates.Acme;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Ingresses;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Certificates;

/// <summary>Callers that speak HTTPS.</summary>
public sealed class TlsTests
{
    private const string Host = "web.example.com";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_request_over_TLS_is_answered_and_the_instance_is_told_that_it_was(int version)
    {
        await using var backend = await Backend.StartAsync(context =>
            context.Response.WriteAsync($"{context.Request.Headers["X-Forwarded-Proto"]} {context.Request.Host}"));
        await using var ingress = await StartedAsync(backend);

        var response = await GetAsync(ingress, Host, version: new Version(version, version == 1 ? 1 : 0));

        Assert.Equal((HttpStatusCode.OK, version), (response.StatusCode, response.Version.Major));
        Assert.Equal($"https {Host}", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Each_hostname_has_its_own_certificate_and_one_with_an_asterisk_is_for_those_that_have_none()
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(Host, 1, change: TlsHarness.OverTls);
        foreach (var name in new[] { Host, "*.example.com", "other.example.org" })
            await ingress.CertifyAsync(name);

        Assert.Equal(Host, await ShownAsync(ingress, Host));
        Assert.Equal("*.example.com", await ShownAsync(ingress, "api.example.com"));
        Assert.Equal("other.example.org", await ShownAsync(ingress, "OTHER.example.org"));
    }

    [Theory]
    [InlineData("nobody.example.org")]
    [InlineData("a.b.example.com")]
    public async Task A_hostname_that_nothing_is_known_of_ends_the_handshake_with_an_alert(string host)
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(Host, 1, change: TlsHarness.OverTls);
        await ingress.CertifyAsync("*.example.com");

        var error = await Assert.ThrowsAsync<AuthenticationException>(() => ShownAsync(ingress, host));

        Assert.Contains("unrecognized name", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(ingress.Requester.Requests);
    }

    [Fact]
    public async Task A_request_in_the_clear_for_a_hostname_with_TLS_is_told_so_and_reaches_nobody()
    {
        await using var backend = await Backend.Saying("secret");
        await using var ingress = await StartedAsync(backend);

        var response = await ingress.GetAsync(Host, port: ingress.TlsPort);

        Assert.Equal((HttpStatusCode.BadRequest, "Bad request: this hostname speaks https on this port"),
            (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(0, ingress.Connector.Connections);
    }

    [Fact]
    public async Task A_port_can_have_hostnames_with_and_without_TLS()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("clear.example.com", backend, "clear");
        await ingress.PublishAsync(Host, backend, change: rule => rule with { Tls = true });
        await ingress.CertifyAsync(Host);

        Assert.Equal("hello", await (await ingress.GetAsync("clear.example.com")).Content.ReadAsStringAsync());
        Assert.Equal("hello", await (await GetAsync(ingress, Host, port: ingress.Port)).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_request_for_another_hostname_than_the_handshake_was_for_is_misdirected_unless_the_certificate_is_for_both()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await StartedAsync(backend);
        await ingress.PublishTlsAsync("other.example.com", backend.Port, "other");
        Assert.Equal("421 Misdirected Request", await StatusAsync(ingress, named: Host, asked: "other.example.com"));
        Assert.Equal("200 OK", await StatusAsync(ingress, named: Host, asked: $"{Host}:443"));

        await ingress.PublishAsync("a.apps.example.com", backend, "a", change: TlsHarness.OverTls);
        await ingress.PublishAsync("b.apps.example.com", backend, "b", change: TlsHarness.OverTls);
        await ingress.CertifyAsync("*.apps.example.com");
        Assert.Equal("200 OK", await StatusAsync(ingress, named: "a.apps.example.com", asked: "b.apps.example.com"));
    }

    [Theory]
    [InlineData(443, "/a%2Fb?c=d", "https://web.example.com/a%2Fb?c=d")]
    [InlineData(8443, "/", "https://web.example.com:8443/")]
    public async Task Callers_in_the_clear_are_sent_to_https_where_the_rule_says_so(int port, string path, string location)
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(Host, 1, change: rule => rule with { Tls = true, Port = port, RedirectHttp = true });

        var response = await ingress.GetAsync("WEB.example.com", path);

        Assert.Equal((HttpStatusCode.MovedPermanently, location), (response.StatusCode, response.Headers.GetValues("Location").Single()));
    }

    [Fact]
    public async Task A_certificate_that_is_not_there_yet_is_asked_for_once_and_all_who_came_for_it_are_answered()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(
            "{instance}.example.com", backend, change: rule => TlsHarness.OverTls(rule) with { TargetInstance = "{instance}" }, found: Host);
        var asked = new TaskCompletionSource();
        ingress.Requester.Request = async name =>
        {
            await asked.Task;
            await ingress.Index.PutAsync(await Fakes.Certificates.IssueAsync(name));
        };

        var requests = Enumerable.Range(0, 5).Select(_ => GetAsync(ingress, Host)).ToList();
        await Until.True(() => ingress.Requester.Requests.Count == 1, IngressHarness.Patience, "it is asked for");
        asked.SetResult();

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Equal([Host], ingress.Requester.Requests);
    }

    [Fact]
    public async Task For_a_hostname_without_an_instance_none_is_asked_for()
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("{instance}.example.com", 1, change: rule => TlsHarness.OverTls(rule) with { TargetInstance = "{instance}" }, found: Host);

        await Assert.ThrowsAsync<AuthenticationException>(() => ShownAsync(ingress, "nobody.example.com"));

        Assert.Empty(ingress.Requester.Requests);
    }

    [Fact]
    public async Task A_certificate_that_does_not_come_ends_the_handshake_and_the_next_caller_asks_again()
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(Host, 1, change: TlsHarness.OverTls);
        ingress.Requester.Request = _ => throw new InvalidOperationException("nobody issues it");

        await Assert.ThrowsAsync<AuthenticationException>(() => ShownAsync(ingress, Host));
        await Assert.ThrowsAsync<AuthenticationException>(() => ShownAsync(ingress, Host));

        Assert.Equal([Host, Host], ingress.Requester.Requests);
        await Until.True(() => ingress.Table.Awaited == 0, IngressHarness.Patience, "nothing is kept of it");
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_from_then_on_and_open_connections_stay()
    {
        var goOn = new TaskCompletionSource();
        await using var backend = await Backend.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first ");
            await context.Response.Body.FlushAsync();
            await goOn.Task;
            await context.Response.WriteAsync("second");
        });
        await using var ingress = await StartedAsync(backend);
        var before = await SerialAsync(ingress, Host);
        var response = await GetAsync(ingress, Host);

        var renewed = await ingress.CertifyAsync(Host);
        goOn.SetResult();

        Assert.NotEqual(before, renewed.Material!.Serial);
        Assert.Equal(renewed.Material.Serial, await SerialAsync(ingress, Host));
        Assert.Equal("first second", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Proof_of_a_hostname_is_served_to_who_asks_for_it_and_other_requests_on_its_path_go_to_the_instance()
    {
        await using var backend = await Backend.Saying("of the instance");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(Host, backend);
        await ingress.Index.PutAsync(Proving(isAlpn: false));

        Assert.Equal("token.key", await TextAsync("/.well-known/acme-challenge/token"));
        Assert.Equal("of the instance", await TextAsync("/.well-known/acme-challenge/other"));

        async Task<string> TextAsync(string path) => await (await ingress.GetAsync(Host, path)).Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task Proof_of_a_hostname_is_shown_in_the_handshake_to_who_asks_for_it_and_the_certificate_to_others()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await StartedAsync(backend);
        await ingress.Index.PutAsync((await Fakes.Certificates.IssueAsync(Host)) with { Challenge = Proving(isAlpn: true).Challenge });

        var asking = new SslClientAuthenticationOptions
        {
            TargetHost = Host,
            ApplicationProtocols = [new SslApplicationProtocol(AlpnCertificate.Protocol)],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        };
        await using var shown = await HandshakeAsync(ingress.TlsPort, asking);
        Assert.Equal(AlpnCertificate.Protocol, shown.NegotiatedApplicationProtocol.ToString());
        using var certificate = new X509Certificate2(shown.RemoteCertificate!);
        Assert.Contains(certificate.Extensions, extension => extension is { Oid.Value: "1.3.6.1.5.5.7.1.31", Critical: true });

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(ingress, Host)).StatusCode);
    }

    private static CertificateInfo Proving(bool isAlpn) =>
        Fakes.Certificates.Pending(Host) with { Challenge = new CertificateChallenge(isAlpn, "token", "token.key") };

    private static async Task<IngressHarness> StartedAsync(Backend backend)
    {
        var ingress = await IngressHarness.StartAsync();
        await ingress.PublishTlsAsync(Host, backend.Port);
        return ingress;
    }

    /// <param name="ingress">Asked.</param>
    /// <param name="host">Whose page.</param>
    /// <param name="version">Of HTTP.</param>
    /// <param name="port">Where, if not the one for TLS.</param>
    private static async Task<HttpResponseMessage> GetAsync(
        IngressHarness ingress, string host, Version? version = null, int? port = null)
    {
        var client = ingress.TlsClient(host, port);
        var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}/")
        {
            Version = version ?? HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return await client.SendAsync(request, default).WaitAsync(IngressHarness.Patience);
    }

    /// <summary>The status of a page, asked for on a connection whose handshake may have been for another hostname.</summary>
    private static async Task<string> StatusAsync(IngressHarness ingress, string named, string asked)
    {
        await using var connection = await HandshakeAsync(ingress.TlsPort, TlsHarness.Trusting(named));
        await connection.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {asked}\r\nConnection: close\r\n\r\n"));
        var answer = await new StreamReader(connection).ReadToEndAsync().WaitAsync(IngressHarness.Patience);
        return answer.Split("\r\n")[0]["HTTP/1.1 ".Length..];
    }

    private static async Task<string> ShownAsync(IngressHarness ingress, string host) =>
        (await CertificateAsync(ingress, host)).Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames().Single();

    private static async Task<string> SerialAsync(IngressHarness ingress, string host) =>
        (await CertificateAsync(ingress, host)).SerialNumber.ToLowerInvariant();

    private static async Task<X509Certificate2> CertificateAsync(IngressHarness ingress, string host)
    {
        await using var shown = await HandshakeAsync(ingress.TlsPort, TlsHarness.Trusting(host));
        return new X509Certificate2(shown.RemoteCertificate!);
    }

    private static async Task<SslStream> HandshakeAsync(int port, SslClientAuthenticationOptions options)
    {
        var stream = new SslStream(await TlsHarness.ConnectAsync(port, default));
        await stream.AuthenticateAsClientAsync(options).WaitAsync(IngressHarness.Patience);
        return stream;
    }
}
