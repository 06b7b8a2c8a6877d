using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>
/// Plays a VM: takes the process end of the VM's TAP, as a hypervisor does, and hands its frames to and from a TAP in
/// a namespace of its own, whose IP stack is then the guest's.
/// </summary>
public sealed class TapGuest : IAsyncDisposable
{
    private readonly string _name = "hmt-guest-" + Guid.NewGuid().ToString("N")[..6];
    private readonly NodeNetwork _node;
    private readonly FileStream _outer;
    private readonly FileStream _inner;

    private TapGuest(NodeNetwork node, string vmId, VmAddress address, string tap)
    {
        (_node, VmId, Address, TapName) = (node, vmId, address, tap);
        Namespace = NetworkNamespace.Ensure(_name);
        _outer = Open(node.Namespace, tap);
        _inner = Open(Namespace, "eth0");
    }

    public string VmId { get; }
    public VmAddress Address { get; }
    public string TapName { get; }

    /// <summary>The inside of the guest.</summary>
    public NetworkNamespace Namespace { get; }

    public static async Task<TapGuest> StartAsync(NodeNetwork node, string vmId, NicLimits limits)
    {
        var address = node.Allocate(new HashSet<IPAddress>());
        var tap = await node.AttachAsync(vmId, address, limits, node.UidOf(address.Ip), CancellationToken.None);
        var guest = new TapGuest(node, vmId, address, tap);
        await guest.ConfigureAsync(address.Ip, address.Mac);
        await TestHost.IpAsync(guest.Namespace, "link set lo up");
        Relay(guest._outer, guest._inner);
        Relay(guest._inner, guest._outer);
        return guest;
    }

    /// <summary>Gives the guest an address, its own or a stolen one.</summary>
    public async Task ConfigureAsync(IPAddress ip, string mac)
    {
        await TestHost.IpAsync(Namespace, "address flush dev eth0");
        await TestHost.IpAsync(Namespace, $"link set eth0 down address {mac}");
        await TestHost.IpAsync(Namespace, "link set eth0 up");
        await TestHost.IpAsync(Namespace, $"address add {ip}/{Address.PrefixLength} dev eth0");
        await TestHost.IpAsync(Namespace, $"route add default via {Address.Gateway}");
    }

    /// <summary>What a TCP server that says one line says; null when it cannot be reached.</summary>
    public async Task<string?> AskAsync(IPAddress ip, int port)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        using var socket = await Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(ip, port, deadline.Token);
            using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
            return await reader.ReadLineAsync(deadline.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    public Task<bool> PingAsync(IPAddress ip) => Namespace.RunAsync(() =>
    {
        using var ping = new Ping();
        return ping.Send(ip, timeout: 1000).Status == IPStatus.Success;
    });

    /// <summary>Sends a frame as the guest's device would.</summary>
    public void Send(byte[] frame) => _outer.Write(frame);

    public async ValueTask DisposeAsync()
    {
        // A read of a TAP ends with the device, not with its descriptor.
        await _node.DetachAsync(VmId, CancellationToken.None);
        await TestHost.IpAsync(Namespace, "link delete eth0");
        _outer.Dispose();
        _inner.Dispose();
        Namespace.Dispose();
        NetworkNamespace.Remove(_name);
    }

    private static FileStream Open(NetworkNamespace where, string tap) =>
        new(where.RunAsync(() => Tap.Open(tap, withVirtioHeader: false)).Result, FileAccess.ReadWrite, bufferSize: 0);

    private static void Relay(FileStream from, FileStream to) => new Thread(() =>
    {
        var frame = new byte[65536];
        try
        {
            while (from.Read(frame) is > 0 and var length)
                Deliver(to, frame.AsSpan(0, length));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The guest was disposed of.
        }
    }) { IsBackground = true }.Start();

    private static void Deliver(FileStream to, ReadOnlySpan<byte> frame)
    {
        try
        {
            to.Write(frame);
        }
        catch (IOException)
        {
            // The device is down at the moment: the frame is lost, as on a cable.
        }
    }
}
