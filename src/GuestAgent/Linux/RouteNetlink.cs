using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;

namespace Hypeman.GuestAgent.Linux;

/// <summary>Sets links, addresses and routes as <c>ip</c> would; an image need not have one.</summary>
internal sealed class RouteNetlink : IDisposable
{
    private const ushort SetLink = 16, NewAddress = 20, DeleteAddress = 21, NewRoute = 24;
    private const ushort Request = 1, Acknowledge = 4, Replace = 0x100, Create = 0x400;
    private const ushort Destination = 1, OutInterface = 4, Gateway = 5; // of a route
    private const ushort Address = 1, LocalAddress = 2; // of an address
    private const ushort HardwareAddress = 1; // of a link
    private const int IsUp = 1;
    private const byte Inet = 2, MainTable = 254, BootProtocol = 3, Universe = 0, LinkScope = 253, Unicast = 1;

    private readonly Fd _socket = new(LinuxException.Check(Libc.Socket(16, 3 | 0x80000, 0), "netlink socket"));

    public void Up(string name) => Send($"set {name} up", SetLink, 0, Link(name, IsUp, changed: IsUp));

    /// <summary>Its routes go with it.</summary>
    public void Down(string name) => Send($"set {name} down", SetLink, 0, Link(name, 0, changed: IsUp));

    /// <param name="mac">For example <c>02:00:00:00:00:01</c>.</param>
    public void SetHardwareAddress(string name, string mac) => Send(
        $"give {name} the address {mac}", SetLink, 0, Link(name, 0, changed: 0),
        (HardwareAddress, PhysicalAddress.Parse(mac.ToUpperInvariant().Replace(':', '-')).GetAddressBytes()));

    public void RemoveAddress(string name, IPAddress ip)
    {
        var body = new byte[8];
        body[0] = Inet;
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), Index(name));
        Send($"take the address {ip} from {name}", DeleteAddress, 0, body, (LocalAddress, ip.GetAddressBytes()));
    }

    public void AddAddress(string name, IPAddress ip, int prefix)
    {
        var body = new byte[8];
        body[0] = Inet;
        body[1] = (byte)prefix;
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), Index(name));
        var bytes = ip.GetAddressBytes();
        Send($"give {name} the address {ip}", NewAddress, Create | Replace, body, (LocalAddress, bytes), (Address, bytes));
    }

    /// <summary>The way to the gateway itself first: it may lie outside the interface's own network.</summary>
    public void AddDefaultRoute(string name, IPAddress gateway)
    {
        var index = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(index, Index(name));
        var address = gateway.GetAddressBytes();
        Send($"reach the gateway {gateway}", NewRoute, Create | Replace, Route(32, LinkScope),
            (Destination, address), (OutInterface, index));
        Send($"route by {gateway}", NewRoute, Create | Replace, Route(0, Universe),
            (Gateway, address), (OutInterface, index));
    }

    public void Dispose() => _socket.Dispose();

    /// <param name="changed">Which of the flags are meant.</param>
    private static byte[] Link(string name, int flags, int changed)
    {
        var body = new byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), Index(name));
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), flags);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(12), changed);
        return body;
    }

    private static byte[] Route(byte prefix, byte scope) => [Inet, prefix, 0, 0, MainTable, BootProtocol, scope, Unicast, 0, 0, 0, 0];

    private static int Index(string name) =>
        int.Parse(File.ReadAllText($"/sys/class/net/{name}/ifindex"), System.Globalization.CultureInfo.InvariantCulture);

    private void Send(string what, ushort type, int flags, byte[] body, params ReadOnlySpan<(ushort Type, byte[] Value)> attributes)
    {
        using var message = new MemoryStream();
        message.Write(new byte[16]);
        message.Write(body);
        Span<byte> header = stackalloc byte[4];
        foreach (var (attribute, value) in attributes)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(4 + value.Length));
            BinaryPrimitives.WriteUInt16LittleEndian(header[2..], attribute);
            message.Write(header);
            message.Write(value);
            message.Write(new byte[-value.Length & 3]);
        }
        var bytes = message.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)(Request | Acknowledge | flags));
        _socket.WriteAll(bytes);

        Span<byte> answer = stackalloc byte[4096];
        var error = _socket.Read(answer) >= 20 ? BinaryPrimitives.ReadInt32LittleEndian(answer[16..]) : -Errno.IoError;
        if (error != 0)
            throw new LinuxException($"Cannot {what}", -error);
    }
}
