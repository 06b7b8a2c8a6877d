using System.Text.Json;
using CsCheck;
using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.Tests.GuestProtocol.Boot;

public sealed class GuestBootConfigCodecTests
{
    private static readonly GuestBootConfig Full = new()
    {
        Boot = 7,
        Hostname = "web",
        Program = new GuestProgram
        {
            Arguments = ["nginx", "-g", "daemon off;"],
            Env = new Dictionary<string, string> { ["A"] = "ü\n" },
            User = "app",
            WorkingDir = "/srv",
            StopSignal = "SIGQUIT",
        },
        Network = new GuestNetwork { Mac = "02:00:00:00:00:01", Ip = "10.0.0.2", Prefix = 16, Gateway = "10.0.0.1", Dns = ["1.1.1.1"] },
        EntropySeed = [1, 2, 3],
        WallClock = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    [Fact]
    public void A_configuration_comes_back_as_it_was_and_fills_whole_pages()
    {
        var disk = GuestBootConfigCodec.Encode(Full);
        Assert.Equal(0, disk.Length % 4096);
        Assert.Equal(JsonSerializer.Serialize(Full), JsonSerializer.Serialize(Decode(disk)));
    }

    [Fact]
    public void An_old_guest_ignores_what_a_new_host_adds()
    {
        var golden = """{"boot":1,"hostname":"h","program":{"arguments":["a"],"is_init":false,"new":1},"skip_guest_agent":false,"more":{}}"""u8;
        var disk = GuestBootConfigCodec.Encode(Full);
        golden.CopyTo(disk.AsSpan(16));
        BitConverter.TryWriteBytes(disk.AsSpan(8), golden.Length);
        BitConverter.TryWriteBytes(disk.AsSpan(12), Hypeman.GuestProtocol.Framing.FrameCodec.Crc32C(golden, uint.MaxValue));
        Assert.Equal("a", Assert.Single(Decode(disk).Program.Arguments));
        Assert.Empty(Decode(disk).Program.Env);
    }

    [Fact]
    public void A_large_environment_fits_and_a_too_large_one_is_refused()
    {
        var program = Full.Program;
        GuestBootConfig With(int size) => Full with
        {
            Program = program with { Env = new Dictionary<string, string> { ["BIG"] = new('x', size) } },
        };
        Assert.Equal(2_000_000, Decode(GuestBootConfigCodec.Encode(With(2_000_000))).Program.Env["BIG"].Length);
        Assert.Throws<ArgumentException>(() => GuestBootConfigCodec.Encode(With(5_000_000)));
    }

    [Fact]
    public void A_damaged_disk_is_told_from_a_configuration() =>
        Gen.Select(Gen.Int[0, 200], Gen.Int[1, 255]).Sample((position, change) =>
        {
            var disk = GuestBootConfigCodec.Encode(Full);
            disk[position] ^= (byte)change;
            Assert.Throws<InvalidDataException>(() => Decode(disk));
        });

    [Fact]
    public void Any_other_disk_is_refused() => Gen.Byte.Array[0, 5000].Sample(disk =>
    {
        Assert.Throws<InvalidDataException>(() => Decode(disk));
        Assert.Throws<InvalidDataException>(() => Decode([.. "HYPBOOT1"u8, .. disk]));
    });

    private static GuestBootConfig Decode(byte[] disk) => GuestBootConfigCodec.Decode(new MemoryStream(disk));
}
