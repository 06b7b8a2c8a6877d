using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Silo.Cluster;
using Hypeman.Silo.Server;
using Hypeman.Tests.Silo.Cluster;
using Hypeman.Tests.Silo.Server;
using Hypeman.Tests.Storage.Databases;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>Who may join a fleet and talk to its processes.</summary>
public sealed class TrustTests(PostgresServer postgres)
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(15);

    /// <summary>Within this a stranger is turned away.</summary>
    private static readonly TimeSpan RefusalLimit = TimeSpan.FromSeconds(3);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_with_a_certificate_of_another_CA_cannot_join()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        using var elsewhere = new TestAuthority();
        var first = await fleet.StartedAsync("control,node,gateway");
        await fleet.StartedAsync("control");

        var said = await fleet.Process("control", elsewhere).EndAsync(TestFleet.Patience, Cancelled);

        Assert.DoesNotContain("Ready:", said, StringComparison.Ordinal);
        var active = await first.Server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        Assert.Equal(2, active.Count);
    }

    [Fact]
    public async Task A_gateway_with_a_certificate_of_another_CA_finds_no_silo()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        using var elsewhere = new TestAuthority();
        await fleet.StartedAsync("control");

        var stranger = fleet.Member("gateway", elsewhere);
        using var limit = new CancellationTokenSource(JoinLimit);
        await Assert.ThrowsAnyAsync<Exception>(() => stranger.NewAsync(limit.Token));
    }

    [Fact]
    public async Task The_ports_of_a_silo_answer_members_only()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        using var elsewhere = new TestAuthority();
        var silo = await fleet.StartedAsync("control,node");
        var friend = fleet.Authority.Member("friend");

        foreach (var (name, protocol) in new[]
        {
            (KeptPorts.Silo, (SslApplicationProtocol?)null), (KeptPorts.Gateway, null), (KeptPorts.Peer, SslApplicationProtocol.Http2),
        })
        {
            var port = PortOf(silo, name);
            Assert.True(await MaySpeakAsync(port, friend, friend.Certificate, protocol), name);
            Assert.False(await MaySpeakAsync(port, friend, elsewhere.Member("stranger").Certificate, protocol), name);
            Assert.False(await MaySpeakAsync(port, friend, null, protocol), name);
        }
    }

    [Fact]
    public async Task A_new_certificate_is_shown_without_a_restart()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var silo = await fleet.StartedAsync("control");
        var friend = fleet.Authority.Member("friend");
        var before = await ShownAsync(PortOf(silo, KeptPorts.Silo), friend);

        fleet.Authority.Issue(Path.GetFileName(silo.Options.ClusterIdentity));

        await Until.True(
            async () => await ShownAsync(PortOf(silo, KeptPorts.Silo), friend) != before, TestFleet.Patience, "the silo shows its new certificate");
    }

    private static int PortOf(TestServer silo, string name) => int.Parse(
        File.ReadAllText(Path.Combine(silo.Data, name)), System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string> ShownAsync(int port, ClusterIdentity friend)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancelled);
        await using var tls = await GreetAsync(client, friend, friend.Certificate, protocol: null);
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    /// <summary>
    /// Whether the silo talks, or listens on. With TLS 1.3 a certificate is refused after the client's end of the handshake,
    /// by closing the connection.
    /// </summary>
    private static async Task<bool> MaySpeakAsync(
        int port, ClusterIdentity judge, X509Certificate2? own, SslApplicationProtocol? protocol)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancelled);
        try
        {
            await using var tls = await GreetAsync(client, judge, own, protocol);
            return await tls.ReadAsync(new byte[1], Cancelled).AsTask().WaitAsync(RefusalLimit, Cancelled) == 1;
        }
        catch (TimeoutException)
        {
            return true;
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task<SslStream> GreetAsync(
        TcpClient client, ClusterIdentity judge, X509Certificate2? own, SslApplicationProtocol? protocol)
    {
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "anybody",
            ApplicationProtocols = protocol is { } wanted ? [wanted] : null,
            ClientCertificates = own is null ? null : [own],
            RemoteCertificateValidationCallback = (_, shown, _, _) => judge.IsMember(shown),
        }, Cancelled);
        return tls;
    }
}
