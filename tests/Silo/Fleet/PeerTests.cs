using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Silo.Server;
using Hypeman.Tests.Storage.Databases;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>What hosts give to each other.</summary>
public sealed class PeerTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_says_where_its_peers_reach_it()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var node = await fleet.StartedAsync("control,node");

        var index = node.Server.Services.GetRequiredService<IResourceIndex>();
        var rows = await index.ListAsync(new ResourceQuery(ResourceKind.Node), Cancelled).ToListAsync(Cancelled);

        var port = File.ReadAllText(Path.Combine(node.Data, "peer-port")).Trim();
        Assert.Equal($"127.0.0.1:{port}", ResourceSummary.Read<NodeInfo>(Assert.Single(rows)).PeerAddress);
    }

    [Fact]
    public async Task What_is_pushed_to_a_gateway_without_a_node_can_be_had_on_every_node()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var nodes = new List<TestServer>();
        foreach (var roles in new[] { "control,node", "node" })
            nodes.Add(await BlobNodeAsync(fleet, roles));
        var gateway = await fleet.StartedAsync("gateway");
        var image = new OciImageBuilder().File("a", "1").NextLayer().File("b", new string('b', 300_000)).Build();

        var name = $"{gateway.Server.ApiAddress!.Authority}/team/app:v1";
        await PushAsync(image, name, gateway.Token(null));

        using var client = gateway.Client(null);
        await Until.True(async () => await StatusAsync(client, name) == "ready", TestFleet.Patience, "the image is ready");
        var hosts = nodes.ConvertAll(node => (BlobNode)node.Server.Services.GetRequiredService<INode>());
        var holder = Assert.Single(hosts, host => host.Images.FindRoot(image.ManifestDigest) is not null);
        var other = hosts.Single(host => host != holder);
        Assert.All(image.Blobs.Keys, blob => Assert.Null(other.Images.Blobs.Find(Digest.Parse(blob))));

        var reference = ImageReference.TryParse(name, out _)!;
        var resolved = await other.Images.ResolvePushedAsync(reference, image.ManifestDigest, "linux/amd64", Cancelled);
        var end = await other.Images.EnsureRootAsync(reference, resolved, null, Cancelled).LastAsync(Cancelled);
        Assert.Equal((RootStage.Ready, null), (end.Stage, end.Error));
    }

    [Fact]
    public async Task The_parts_of_a_push_may_reach_different_gateways()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var gateways = new List<HttpClient>();
        foreach (var roles in new[] { "control,node,gateway", "node,gateway" })
            gateways.Add((await BlobNodeAsync(fleet, roles)).Client(null));
        gateways.Add((await fleet.StartedAsync("gateway")).Client(null));
        byte[] content = [.. Enumerable.Range(0, 30_000).Select(i => (byte)i)];
        await Until.True(() => AgreeAsync(gateways), TestFleet.Patience, "all gateways know all nodes");

        var begun = await gateways[0].PostAsync("v2/team/app/blobs/uploads/", null, Cancelled);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        var upload = begun.Headers.Location!.ToString();
        for (var i = 0; i < 3; i++)
        {
            var part = new ByteArrayContent(content[(i * 10_000)..((i + 1) * 10_000)]);
            Assert.Equal(HttpStatusCode.Accepted, (await gateways[i].PatchAsync(upload, part, Cancelled)).StatusCode);
        }
        var digest = Digest.Of(content);
        Assert.Equal(HttpStatusCode.Created, (await gateways[1].PutAsync($"{upload}?digest={digest}", null, Cancelled)).StatusCode);

        Assert.Equal(content, await gateways[2].GetByteArrayAsync($"v2/team/app/blobs/{digest}", Cancelled));
        gateways.ForEach(gateway => gateway.Dispose());
    }

    [Fact]
    public async Task What_a_pusher_may_not_do_is_refused_at_the_gateway()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        await BlobNodeAsync(fleet, "control,node");
        var gateway = await fleet.StartedAsync("gateway");

        using var reader = gateway.Client("image:read");
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsync("v2/team/app/blobs/uploads/", null, Cancelled)).StatusCode);
        using var nobody = gateway.Client([]);
        var refused = await nobody.PostAsync("v2/team/app/blobs/uploads/", null, Cancelled);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        var realm = $"realm=\"http://{gateway.Server.ApiAddress!.Authority}/v2/token\"";
        Assert.Contains(realm, refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_can_be_read_from_a_byte_on_and_one_that_is_not_there_is_said_to_be_so()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var holder = await BlobNodeAsync(fleet, "control,node");
        var asker = await BlobNodeAsync(fleet, "node");
        var content = Enumerable.Range(0, 200_000).Select(i => (byte)i).ToArray();
        var blob = await ((BlobNode)holder.Server.Services.GetRequiredService<INode>()).Images.Blobs.PutAsync(content, Cancelled);
        var peers = asker.Server.Services.GetRequiredService<IBlobPeers>();
        var peer = await FirstAsync(peers, new BlobWish(blob, blob, "any"));

        Assert.Equal(content, await ReadAsync(await peer.OpenAsync(blob, 0, Cancelled)));
        Assert.Equal(content[150_000..], await ReadAsync(await peer.OpenAsync(blob, 150_000, Cancelled)));
        Assert.Null(await peer.OpenAsync(Digest.Of([1, 2, 3]), 0, Cancelled));

        await holder.StopAsync();
        await Assert.ThrowsAsync<IOException>(() => peer.OpenAsync(blob, 0, Cancelled));
    }

    [Fact]
    public async Task An_ingress_reaches_instances_on_other_hosts()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        await using var guest = await FakeRegistry.StartAsync();
        guest.Script = EchoAsync;
        var node = await fleet.StartedAsync("control,node,gateway");
        var ingress = await fleet.StartedAsync("ingress");
        using var api = node.Client(null);
        await PublishAsync(node, api);
        node.Node.Vms.Ports = (_, _, cancelled) => ConnectAsync(guest.Host, cancelled);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ingress.Server.IngressPort}") };
        client.DefaultRequestHeaders.Host = "web.test";
        await Until.True(async () => (await client.GetAsync("/", Cancelled)).IsSuccessStatusCode, TestFleet.Patience, "the ingress knows the rule");
        var large = Enumerable.Range(0, 5_000_000).Select(i => (byte)(i % 251)).ToArray();
        using var answer = await client.PostAsync("/echo?a=%2F", new ByteArrayContent(large), Cancelled);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(large, await answer.Content.ReadAsByteArrayAsync(Cancelled));
    }

    [Fact]
    public async Task What_goes_wrong_on_the_other_host_is_told_as_if_it_were_here()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var node = await fleet.StartedAsync("control,node,gateway");
        var ingress = await fleet.StartedAsync("ingress");
        using var api = node.Client(null);
        await PublishAsync(node, api);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ingress.Server.IngressPort}") };
        client.DefaultRequestHeaders.Host = "web.test";

        // Nothing listens in the guest.
        await Until.True(
            async () => (await client.GetAsync("/", Cancelled)).StatusCode == HttpStatusCode.BadGateway, TestFleet.Patience, "the ingress knows the rule");
        node.Node.Vms.Ports = (_, _, _) => throw new NodeException(NodeErrorKind.TimedOut, "the guest does not answer");
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await client.GetAsync("/", Cancelled)).StatusCode);

        await node.StopAsync();
        Assert.Equal(HttpStatusCode.BadGateway, (await client.GetAsync("/", Cancelled)).StatusCode);
    }

    /// <summary>Whether an upload that one begins is known to each.</summary>
    private static async Task<bool> AgreeAsync(IReadOnlyList<HttpClient> gateways)
    {
        foreach (var one in gateways)
        {
            using var begun = await one.PostAsync("v2/team/app/blobs/uploads/", null, Cancelled);
            foreach (var other in gateways)
            {
                if (begun.Headers.Location is null)
                    return false;
                using var known = await other.GetAsync(begun.Headers.Location, Cancelled);
                if (known.StatusCode != HttpStatusCode.NoContent)
                    return false;
            }
        }
        return true;
    }

    private static async Task<TestServer> BlobNodeAsync(TestFleet fleet, string roles)
    {
        var server = fleet.Member(roles);
        server.NewNode = (setup, services) => new BlobNode(setup, services);
        await server.StartAsync();
        return server;
    }

    private static async Task PublishAsync(TestServer node, HttpClient api)
    {
        node.Node.Images.Publish("docker.io/library/web:latest");
        using var made = await api.PostAsJsonAsync("instances", new { name = "web", image = "web" }, Cancelled);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Cancelled));
        using var rule = await api.PostAsJsonAsync(
            "ingresses",
            new { name = "web", rules = new[] { new { match = new { hostname = "web.test" }, target = new { instance = "web", port = 80 } } } },
            Cancelled);
        Assert.True(rule.IsSuccessStatusCode, await rule.Content.ReadAsStringAsync(Cancelled));
    }

    private static async Task PushAsync(OciImage image, string name, string token)
    {
        using var layout = new TemporaryFolder();
        image.WriteLayout(layout.Path);
        await Command.RunAsync(
            "skopeo",
            ["copy", "--insecure-policy", "--dest-tls-verify=false", "--dest-creds", $"{token}:any", $"oci:{layout.Path}:latest", $"docker://{name}"],
            Cancelled);
    }

    private static async Task<bool> EchoAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
        return true;
    }

    private static async ValueTask<Stream> ConnectAsync(string host, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(host), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<IBlobPeer> FirstAsync(IBlobPeers peers, BlobWish wish)
    {
        IBlobPeer? found = null;
        await Until.True(
            async () => (found = await peers.FindAsync(wish, Cancelled).FirstOrDefaultAsync(Cancelled)) is not null,
            TestFleet.Patience, "the other node is known");
        return found!;
    }

    private static async Task<byte[]> ReadAsync(Stream? content)
    {
        Assert.NotNull(content);
        await using (content)
        {
            using var all = new MemoryStream();
            await content.CopyToAsync(all, Cancelled);
            return all.ToArray();
        }
    }

    private static async Task<string?> StatusAsync(HttpClient client, string name)
    {
        using var answer = await client.GetAsync($"images/{Uri.EscapeDataString(name)}", Cancelled);
        if (!answer.IsSuccessStatusCode)
            return null;
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancelled));
        return body.RootElement.GetProperty("status").GetString();
    }
}
