using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Hypeman.GuestAgent.Linux;

/// <summary>The IPv4 address of an interface, as <c>ifconfig</c> asks for it.</summary>
internal static unsafe class InterfaceAddress
{
    private const int Inet = 2, Datagram = 2, CloseOnExec = 0x80000;
    private const int NameBytes = 16, RequestBytes = 40, AddressAt = NameBytes + 4, AddressBytes = 4;
    private const nuint GetAddress = 0x8915; // SIOCGIFADDR

    /// <summary>The first of them; null when it has none.</summary>
    public static IPAddress? Find(string name)
    {
        var request = new byte[RequestBytes];
        Encoding.ASCII.GetBytes(name, request.AsSpan(0, NameBytes - 1));
        BinaryPrimitives.WriteInt16LittleEndian(request.AsSpan(NameBytes), Inet);
        using var socket = new Fd(LinuxException.Check(Libc.Socket(Inet, Datagram | CloseOnExec, 0), "socket"));
        fixed (byte* pointer = request)
            return Libc.Ioctl(socket.Number, GetAddress, (nint)pointer) == 0
                ? new IPAddress(request.AsSpan(AddressAt, AddressBytes))
                : null;
    }
}
