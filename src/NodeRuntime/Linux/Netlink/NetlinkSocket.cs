using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>
/// Asks the kernel about the network of the namespace it was opened in. The kernel answers at once, so calls are synchronous.
/// Not for several threads at a time.
/// </summary>
internal sealed partial class NetlinkSocket : IDisposable
{
    private const int NetlinkFamily = 16, RawSocket = 3, CloseOnExec = 0x80000;
    private const int RouteProtocol = 0, NetfilterProtocol = 12;
    private const int ErrorType = 2, DoneType = 3;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _lastSequence;

    private NetlinkSocket(SafeFileHandle handle) => _handle = handle;

    /// <summary>For devices, addresses, routes and queues.</summary>
    internal static NetlinkSocket OpenRoute() => Open(RouteProtocol);

    /// <summary>For the connections that the kernel tracks.</summary>
    internal static NetlinkSocket OpenNetfilter() => Open(NetfilterProtocol);

    /// <summary>Sends a request and returns the bodies (after the header) of what comes back.</summary>
    /// <exception cref="LinuxException">The kernel refuses it; <paramref name="what"/> says what it was.</exception>
    internal List<ReadOnlyMemory<byte>> Request(NetlinkMessage message, string what)
    {
        while (true)
        {
            var answer = new Answer(++_lastSequence, what);
            var bytes = message.Finish(answer.Sequence);
            var fd = (int)_handle.DangerousGetHandle();
            LinuxException.Check(() => (int)Send(fd, bytes, (nuint)bytes.Length, 0), what);
            while (!answer.IsComplete)
                answer.Add(_buffer.AsSpan(0, LinuxException.Check(() => (int)Receive(fd, _buffer, (nuint)_buffer.Length, 0), what)));
            // A list during which something changed may lack things that were there all the time.
            if (!answer.IsInterrupted)
                return answer.Bodies;
        }
    }

    public void Dispose() => _handle.Dispose();

    private static NetlinkSocket Open(int protocol)
    {
        var fd = LinuxException.Check(
            () => CreateSocket(NetlinkFamily, RawSocket | CloseOnExec, protocol), "socket(AF_NETLINK)");
        return new NetlinkSocket(new SafeFileHandle(fd, ownsHandle: true));
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int fd, byte[] bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int fd, byte[] bytes, nuint length, int flags);

    /// <summary>The datagrams that answer one request, and the messages in them.</summary>
    private sealed class Answer(uint sequence, string what)
    {
        private const ushort InterruptedFlag = 0x10;
        private const int TypeOffset = 4, FlagsOffset = 6, SequenceOffset = 8;

        internal uint Sequence => sequence;
        internal List<ReadOnlyMemory<byte>> Bodies { get; } = [];
        internal bool IsComplete { get; private set; }
        internal bool IsInterrupted { get; private set; }

        internal void Add(Span<byte> datagram)
        {
            while (datagram.Length >= NetlinkMessage.HeaderSize)
            {
                var size = BitConverter.ToInt32(datagram);
                // An answer to an earlier request that failed half way is not ours.
                if (BitConverter.ToUInt32(datagram[SequenceOffset..]) == sequence)
                    AddMessage(datagram, datagram[NetlinkMessage.HeaderSize..size]);
                datagram = datagram[Math.Min((size + 3) & ~3, datagram.Length)..];
            }
        }

        private void AddMessage(Span<byte> header, Span<byte> body)
        {
            IsInterrupted |= (BitConverter.ToUInt16(header[FlagsOffset..]) & InterruptedFlag) != 0;
            if (BitConverter.ToUInt16(header[TypeOffset..]) is not (ErrorType or DoneType))
            {
                Bodies.Add(body.ToArray());
                return;
            }
            var error = body.Length >= sizeof(int) ? BitConverter.ToInt32(body) : 0;
            IsComplete = error >= 0 ? true : throw new LinuxException(-error, what);
        }
    }
}
