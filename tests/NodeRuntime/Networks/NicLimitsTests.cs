using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>Rates and counters of a VM's network card.</summary>
[Trait("Category", "Vm")]
public sealed class NicLimitsTests : IAsyncLifetime
{
    private const int Megabyte = 1_000_000;

    private TestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TestHost.CreateAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Rates_are_set_changed_and_lifted()
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node, new NicLimits(2 * Megabyte, Megabyte));
        Assert.Equal("rate 16Mbit", await DownloadAsync(node, guest));
        Assert.Equal("rate over 1000000 bytes/second", await UploadAsync(node, guest));

        await node.AttachAsync(guest.VmId, guest.Address, new NicLimits(Megabyte, 0), node.UidOf(guest.Address.Ip), default);
        Assert.Equal("rate 8Mbit", await DownloadAsync(node, guest));
        Assert.Null(await UploadAsync(node, guest));

        await node.AttachAsync(guest.VmId, guest.Address, default, node.UidOf(guest.Address.Ip), default);
        Assert.Null(await DownloadAsync(node, guest));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task A_limited_vm_takes_its_time(bool download, bool lacksTokenBucket)
    {
        const int bytes = 3 * Megabyte, rate = Megabyte;
        var node = await _host.AddNodeAsync();
        var limits = download ? new NicLimits(rate, 0) : new NicLimits(0, rate);
        var guest = await _host.AddGuestAsync(node, lacksTokenBucket ? default : limits);
        if (lacksTokenBucket)
            await new VmPorts(node.Namespace, lacksTokenBucket).AttachAsync(
                guest.VmId, guest.Address, limits, node.UidOf(guest.Address.Ip), CancellationToken.None);
        using var listener = await guest.Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        listener.Listen();
        await using var near = await node.ConnectAsync(guest.Address.Ip, ((IPEndPoint)listener.LocalEndPoint!).Port, keepsAwake: true, default);
        await using var far = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
        var (from, to) = download ? (near, (Stream)far) : (far, near);

        var started = Stopwatch.GetTimestamp();
        var sending = from.WriteAsync(new byte[bytes]).AsTask();
        await to.ReadExactlyAsync(new byte[bytes]).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        await sending;

        // A burst, of a second at most, is free; without a limit all is over in a few milliseconds.
        Assert.True(Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Without_a_token_bucket_the_rules_limit_and_go_with_the_vm()
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);
        var before = await TestHost.RunAsync(node.Namespace, "nft", "list ruleset");
        var ports = new VmPorts(node.Namespace, lacksTokenBucket: true);
        await AttachAsync(2 * Megabyte);
        await AttachAsync(Megabyte);
        Assert.Equal("rate over 1000000 bytes/second", Match(await ChainAsync(), "rate over [0-9]+ [a-z]+/second"));
        Assert.Null(await DownloadAsync(node, guest));
        await AttachAsync(0);
        Assert.DoesNotContain("rate", await ChainAsync());
        await node.DetachAsync(guest.VmId, CancellationToken.None);
        await node.AttachAsync(guest.VmId, guest.Address, default, node.UidOf(guest.Address.Ip), default);
        Assert.Equal(before, await TestHost.RunAsync(node.Namespace, "nft", "list ruleset"));

        Task<string> ChainAsync() => TestHost.RunAsync(node.Namespace, "nft", $"list chain bridge hypeman {guest.TapName}.in");
        Task AttachAsync(long rate) => ports.AttachAsync(
            guest.VmId, guest.Address, new NicLimits(rate, 0), node.UidOf(guest.Address.Ip), CancellationToken.None);
    }

    [Fact]
    public async Task Counters_are_the_vms_own_view()
    {
        const int bytes = 200_000;
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);
        using var listener = await guest.Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        listener.Listen();
        await using var near = await node.ConnectAsync(guest.Address.Ip, ((IPEndPoint)listener.LocalEndPoint!).Port, keepsAwake: true, default);
        await using var far = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);

        await near.WriteAsync(new byte[bytes]);
        await far.ReadExactlyAsync(new byte[bytes]);

        var counters = (await node.ReadCountersAsync(guest.VmId))!.Value;
        Assert.InRange(counters.ReceivedBytes, bytes, 2 * bytes);
        Assert.InRange(counters.SentBytes, 1, bytes / 2);
        Assert.Null(await node.ReadCountersAsync("nosuchvm"));
    }

    private static async Task<string?> DownloadAsync(NodeNetwork node, TapGuest guest) =>
        Match(await TestHost.RunAsync(node.Namespace, "tc", $"qdisc show dev {guest.TapName}"), "rate [0-9]+Mbit");

    private static async Task<string?> UploadAsync(NodeNetwork node, TapGuest guest)
    {
        var rules = await TestHost.RunAsync(node.Namespace, "nft", $"list chain bridge hypeman {guest.TapName}");
        return Match(rules, "rate over [0-9]+ [a-z]+/second");
    }

    private static string? Match(string text, string pattern) =>
        System.Text.RegularExpressions.Regex.Match(text, pattern) is { Success: true } match ? match.Value : null;
}
