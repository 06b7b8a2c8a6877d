using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>
/// Asks the kernel about the devices, addresses, routes and queues of the namespace it was opened in. The kernel
/// answers at once, so calls are synchronous. Not for several threads at a time.
/// </summary>
internal sealed partial class RouteSocket : IDisposable
{
    private const int NetlinkFamily = 16, RawSocket = 3, CloseOnExec = 0x80000, RouteProtocol = 0;
    private const int ErrorType = 2, DoneType = 3;

    private readonly SafeFileHandle handle;
    private readonly byte[] buffer = new byte[64 * 1024];
    private uint lastSequence;

    private RouteSocket(SafeFileHandle handle) => this.handle = handle;

    internal static RouteSocket Open()
    {
        var fd = LinuxException.Check(
            () => CreateSocket(NetlinkFamily, RawSocket | CloseOnExec, RouteProtocol), "socket(AF_NETLINK)");
        return new RouteSocket(new SafeFileHandle(fd, ownsHandle: true));
    }

    /// <summary>Sends a request and returns the bodies (after the header) of what comes back.</summary>
    /// <exception cref="LinuxException">The kernel refuses it; <paramref name="what"/> says what it was.</exception>
    internal List<ReadOnlyMemory<byte>> Request(NetlinkMessage message, string what)
    {
        var sequence = ++lastSequence;
        var bytes = message.Finish(sequence);
        var fd = (int)handle.DangerousGetHandle();
        LinuxException.Check(() => (int)Send(fd, bytes, (nuint)bytes.Length, 0), what);
        var replies = new List<ReadOnlyMemory<byte>>();
        while (true)
        {
            var count = LinuxException.Check(() => (int)Receive(fd, buffer, (nuint)buffer.Length, 0), what);
            if (Collect(buffer.AsSpan(0, count), sequence, replies, what))
                return replies;
        }
    }

    /// <summary>Whether the answer is complete.</summary>
    private static bool Collect(Span<byte> datagram, uint sequence, List<ReadOnlyMemory<byte>> replies, string what)
    {
        while (datagram.Length >= NetlinkMessage.HeaderSize)
        {
            var size = BitConverter.ToInt32(datagram);
            var type = BitConverter.ToUInt16(datagram[4..]);
            var body = datagram[NetlinkMessage.HeaderSize..size];
            // An answer to an earlier request that failed half way is not ours.
            if (BitConverter.ToUInt32(datagram[8..]) == sequence)
            {
                if (type is ErrorType or DoneType)
                {
                    var error = body.Length >= 4 ? BitConverter.ToInt32(body) : 0;
                    return error >= 0 ? true : throw new LinuxException(-error, what);
                }
                replies.Add(body.ToArray());
            }
            datagram = datagram[Math.Min((size + 3) & ~3, datagram.Length)..];
        }
        return false;
    }

    public void Dispose() => handle.Dispose();

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int fd, byte[] bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int fd, byte[] bytes, nuint length, int flags);
}
