using System.Buffers.Binary;
using System.Text;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestAgent.Init;

/// <summary>Clock, randomness and names of this machine.</summary>
internal static unsafe class Machine
{
    private const nuint AddEntropy = 0x40085203; // RNDADDENTROPY

    public static void Adjust(GuestBootConfig config)
    {
        if (config.WallClock is { } wall && wall > DateTimeOffset.UtcNow)
            SetClock(wall);
        if (config.EntropySeed is { Length: > 0 } seed)
            Seed(seed);
    }

    /// <summary>
    /// Writes the names as container engines do: anew at each start. Links in their place are replaced, not followed,
    /// for an image may point them to a service that does not run here.
    /// </summary>
    public static void Name(string hostname, GuestNetwork? network)
    {
        LinuxException.Check(Libc.SetHostname(hostname, (nuint)Encoding.UTF8.GetByteCount(hostname)), "set the host name");
        Directory.CreateDirectory("/etc");
        Write("/etc/hostname", $"{hostname}\n");
        Write("/etc/hosts",
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" +
            "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n" +
            $"{network?.Ip ?? "127.0.1.1"}\t{hostname}\n");
        if (network is { Dns.Count: > 0 })
            Write("/etc/resolv.conf", string.Concat(network.Dns.Select(server => $"nameserver {server}\n")));
    }

    private static void Write(string path, string text)
    {
        if (new FileInfo(path).LinkTarget is not null)
            File.Delete(path);
        File.WriteAllText(path, text);
    }

    private static void SetClock(DateTimeOffset wall)
    {
        const long ticksPerSecond = TimeSpan.TicksPerSecond;
        var ticks = (wall - DateTimeOffset.UnixEpoch).Ticks;
        var value = stackalloc long[] { ticks / ticksPerSecond, ticks % ticksPerSecond * 100 };
        Libc.SetClock(0, value);
    }

    private static void Seed(byte[] seed)
    {
        var message = new byte[8 + seed.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, seed.Length * 8); // bits
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), seed.Length);
        seed.CopyTo(message, 8);
        using var random = Fd.Open("/dev/urandom", OpenFlags.ReadWrite);
        fixed (byte* pointer = message)
            Libc.Ioctl(random.Number, AddEntropy, (nint)pointer);
    }
}
