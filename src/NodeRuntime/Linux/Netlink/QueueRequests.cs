namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>Rates at which devices send.</summary>
internal static class QueueRequests
{
    private const ushort NewQueue = 36, DeleteQueue = 37;
    private const ushort Replace = 0x100, Create = 0x400;
    private const ushort Kind = 1, Options = 2;

    /// <summary>A token bucket: what comes faster waits up to <paramref name="latency"/>, then is dropped.</summary>
    /// <returns>False when the kernel has none.</returns>
    internal static bool TrySetTokenBucket(
        this NetlinkSocket socket, int device, long bytesPerSecond, long burstBytes, TimeSpan latency)
    {
        const ushort parameters = 1, rate64 = 4, burst = 6;
        var limit = (uint)Math.Min(uint.MaxValue, bytesPerSecond * latency.TotalSeconds + burstBytes);
        var message = new NetlinkMessage(NewQueue, Create | Replace, Fixed(device))
            .Add(Kind, "tbf")
            .Nest(Options, options => options
                .Add(parameters, Parameters((uint)Math.Min(uint.MaxValue, bytesPerSecond), limit))
                .Add(rate64, (ulong)bytesPerSecond)
                .Add(burst, (uint)burstBytes));
        try
        {
            socket.Request(message, "limit the rate of a device");
            return true;
        }
        catch (LinuxException e) when (e.Error == LinuxException.NoEntry)
        {
            return false;
        }
    }

    /// <summary>Back to the kernel's default. No limit is no error.</summary>
    internal static void ClearQueue(this NetlinkSocket socket, int device)
    {
        try
        {
            socket.Request(new NetlinkMessage(DeleteQueue, 0, Fixed(device)), "remove the limit of a device");
        }
        catch (LinuxException e) when (e.Error is LinuxException.NoEntry or LinuxException.Invalid)
        {
            // It has the default already.
        }
    }

    /// <summary>struct tc_tbf_qopt. Sizes of Ethernet, so that the kernel needs no table of times.</summary>
    private static byte[] Parameters(uint bytesPerSecond, uint limit)
    {
        const int linkLayerOffset = 1, rateOffset = 8, limitOffset = 24;
        const byte ethernet = 1;
        var bytes = new byte[36];
        bytes[linkLayerOffset] = ethernet;
        BitConverter.TryWriteBytes(bytes.AsSpan(rateOffset), bytesPerSecond);
        BitConverter.TryWriteBytes(bytes.AsSpan(limitOffset), limit);
        return bytes;
    }

    /// <summary>struct tcmsg, for the root queue.</summary>
    private static byte[] Fixed(int device)
    {
        const int deviceOffset = 4, parentOffset = 12;
        var bytes = new byte[20];
        BitConverter.TryWriteBytes(bytes.AsSpan(deviceOffset), device);
        BitConverter.TryWriteBytes(bytes.AsSpan(parentOffset), uint.MaxValue);
        return bytes;
    }
}
