using System.Diagnostics;

namespace Hypeman.GuestAgent.Linux;

/// <summary>Waits for devices by the kernel's own news of them.</summary>
internal static unsafe class Uevents
{
    private const int NetlinkFamily = 16;
    private const int Datagram = 2 | 0x80000 | 0x800; // SOCK_CLOEXEC, SOCK_NONBLOCK
    private const int KernelUevents = 15;

    /// <summary>Looks, and looks again after every change of a device until there is a result.</summary>
    /// <exception cref="TimeoutException">It did not come; the message says what.</exception>
    public static T WaitFor<T>(Func<T?> find, TimeSpan timeout, string what) where T : class
    {
        if (find() is { } present)
            return present;
        using var socket = Subscribe();
        Span<byte> news = stackalloc byte[4096];
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (find() is { } found)
                return found;
            var left = timeout - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw new TimeoutException($"{what} did not appear within {timeout.TotalSeconds:0.#} s");
            Fd.Wait(socket.Number, PollEvents.In, (int)left.TotalMilliseconds + 1);
            while (socket.TryRead(news) > 0)
            {
            }
        }
    }

    private static Fd Subscribe()
    {
        var socket = new Fd(LinuxException.Check(Libc.Socket(NetlinkFamily, Datagram, KernelUevents), "uevent socket"));
        var address = stackalloc byte[12];
        new Span<byte>(address, 12).Clear();
        *(ushort*)address = NetlinkFamily;
        *(uint*)(address + 8) = 1; // the kernel's group
        LinuxException.Check(Libc.Bind(socket.Number, address, 12), "bind the uevent socket");
        return socket;
    }
}
