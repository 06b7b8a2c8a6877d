using System.Buffers.Binary;
using System.Text;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Init;

/// <summary>Clock, randomness and names of this machine.</summary>
internal static unsafe class Machine
{
    private const nuint AddEntropy = 0x40085203; // RNDADDENTROPY
    private const nuint UseNewEntropy = 0x5207; // RNDRESEEDCRNG
    private const long NanosecondsPerSecond = 1_000_000_000, NanosecondsPerTick = 100;

    public static void Adjust(GuestBootConfig config)
    {
        if (config.WallClock is { } wall && wall > DateTimeOffset.UtcNow)
            SetClock((wall - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick);
        if (config.EntropySeed is { Length: > 0 } seed)
            Seed(seed);
    }

    /// <summary>After a standstill: the clock may have to go either way, and what was random is known to others.</summary>
    public static void Wake(WakeMoment moment)
    {
        LinuxException.Check(SetClock(moment.WallClock), "set the clock");
        LinuxException.Check(Seed(moment.EntropySeed, UseNewEntropy), "seed the random numbers");
    }

    /// <summary>Who wakes as the same leaves its files as the programs of the guest have made them.</summary>
    public static void Become(GuestIdentity identity)
    {
        var isElsewhere = identity.Network is { } network && NetworkSetup.Change(network);
        if (isElsewhere || Environment.MachineName != identity.Hostname)
            Name(identity.Hostname, identity.Network);
        Identify(identity.MachineId);
    }

    /// <summary>Gives a copy of another machine its own id. An image without one, or that makes it at its first boot, is left alone.</summary>
    public static void Identify(string? machineId)
    {
        const string file = "/etc/machine-id";
        if (machineId is null || !File.Exists(file) || File.ReadAllText(file).Trim() is not { Length: 32 } present || present == machineId)
            return;
        File.WriteAllText(file, machineId + "\n");
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

    private static int SetClock(long nanoseconds)
    {
        var value = stackalloc long[] { nanoseconds / NanosecondsPerSecond, nanoseconds % NanosecondsPerSecond };
        return Libc.SetClock(0, value);
    }

    /// <param name="then">A request without argument that follows when the seed was taken; zero for none.</param>
    private static int Seed(byte[] seed, nuint then = 0)
    {
        var message = new byte[8 + seed.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, seed.Length * 8); // bits
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), seed.Length);
        seed.CopyTo(message, 8);
        using var random = Fd.Open("/dev/urandom", OpenFlags.ReadWrite);
        fixed (byte* pointer = message)
        {
            var result = Libc.Ioctl(random.Number, AddEntropy, (nint)pointer);
            return result < 0 || then == 0 ? result : Libc.Ioctl(random.Number, then, 0);
        }
    }
}
