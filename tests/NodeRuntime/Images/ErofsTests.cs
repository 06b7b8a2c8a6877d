using System.Text;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>The image as others see it: Debian's checker, and a reader of our own.</summary>
public sealed class ErofsTests : IDisposable
{
    private readonly RootFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    /// <summary>One of everything.</summary>
    internal static TarBuilder Zoo(int depth)
    {
        var tar = new TarBuilder()
            .Directory("./", new TarAttributes { Mode = 0b111_101_101 })
            .Directory("bin").Directory("dev").Directory("many").Directory("deep")
            .File("bin/su", "setuid", new TarAttributes { Mode = 0b100_111_101_101, Uid = 0, Gid = 42 })
            .Directory("tmp", new TarAttributes { Mode = 0b001_111_111_111, Modified = "1234567890.987654321" })
            .File("bin/ping", "caps", new TarAttributes
            {
                Xattrs = new Dictionary<string, byte[]>
                {
                    ["security.capability"] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                    ["user.text"] = Encoding.UTF8.GetBytes("a value"),
                    ["user.binary"] = [0, 0xff, (byte)'\n', (byte)'=', 0],
                    ["user.empty"] = [],
                },
            })
            .File("owner", "", new TarAttributes { Uid = 4_000_000_000, Gid = 3_000_000_000 })
            .File("old", "before 1970", new TarAttributes { Modified = "-86400.5" })
            .File("empty", "").File("block", new string('b', 4096)).File("over", new string('o', 4097))
            .File("tail", new string('t', 2048)).File("long-tail", new string('l', 4096 + 2049))
            .File("zeros", new byte[3 << 20])
            .File($"many/{new string('n', 255)}", "longest name")
            .File("umläut-日本", "utf-8")
            .Symlink("link", "bin/su").Symlink("dangling", "/no/where").Symlink("long-link", new string('x', 3000))
            .HardLink("bin/su2", "bin/su").HardLink("dangling2", "dangling")
            .Device("dev/null", '3', 1, 3).Device("dev/sda", '4', 259, 70_000).Fifo("dev/pipe");
        for (var i = 0; i < 3000; i++)
            tar.File($"many/{i}", $"{i}");
        var path = new StringBuilder("deep");
        for (var i = 0; i < depth; i++)
            tar.Directory(path.Append("/d").ToString());
        return tar;
    }

    [Fact]
    public async Task Debians_checker_finds_no_fault()
    {
        const int depth = 100; // Debian's program overflows its stack at a thousand.
        var image = _fixture.Build(Zoo(depth));
        await Command.RunAsync("fsck.erofs", [image], TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Everything_is_kept()
    {
        var root = _fixture.Read(Zoo(depth: 1500));
        Assert.Equal((0x8000 | 0b100_111_101_101, 42u, 2u), (root["bin/su"].Mode, root["bin/su"].Gid, root["bin/su"].Links));
        Assert.Equal<(int, long, uint)>(
            (0x4000 | 0b001_111_111_111, 1234567890L, 987654321u), (root["tmp"].Mode, root["tmp"].Modified, root["tmp"].Nanoseconds));
        Assert.Equal((-86401L, 500_000_000u), (root["old"].Modified, root["old"].Nanoseconds));
        Assert.Equal((4_000_000_000, 3_000_000_000), (root["owner"].Uid, root["owner"].Gid));
        Assert.Equal([0, 0xff, (byte)'\n', (byte)'=', 0], root["bin/ping"].Xattrs["user.binary"]);
        Assert.Equal(4, root["bin/ping"].Xattrs.Count);
        Assert.Equal(20, root["bin/ping"].Xattrs["security.capability"].Length);
        Assert.Equal((0x2000 | 0b110_100_100, 0x103u), (root["dev/null"].Mode, root["dev/null"].Device));
        Assert.Equal(0x6000, root["dev/sda"].Type);
        Assert.Equal((70_000u & 0xff) | (259u << 8) | ((70_000u & ~0xffu) << 12), root["dev/sda"].Device);
        Assert.Equal(0x1000, root["dev/pipe"].Type);
        Assert.Equal((0xa000, new string('x', 3000)), (root["long-link"].Type, root["long-link"].Text));
        Assert.Equal("2999", root["many/2999"].Text);
        Assert.Equal(3001, root.Keys.Count(name => name.StartsWith("many/", StringComparison.Ordinal)));
        Assert.Equal(3 << 20, root["zeros"].Content.Length);
        Assert.Equal(7u, root[""].Links);
    }

    [Fact]
    public async Task Zeros_take_no_room_on_the_disk()
    {
        var image = _fixture.Build(new TarBuilder().File("zeros", new byte[64 << 20]).File("x", "y"));
        Assert.True(new FileInfo(image).Length > 64 << 20);
        var blocks = await Command.RunAsync("stat", ["-c", "%b", image], TestContext.Current.CancellationToken);
        Assert.InRange(int.Parse(blocks, System.Globalization.CultureInfo.InvariantCulture), 1, 64);
    }

    [Fact]
    public void Marks_of_overlayfs_are_left_out() => Assert.Equal(["user.mine"], _fixture.Read(new TarBuilder()
        .File("a", "", new TarAttributes
        {
            Xattrs = new Dictionary<string, byte[]>
            {
                ["trusted.overlay.redirect"] = [1],
                ["user.overlay.opaque"] = [2],
                ["user.mine"] = [3],
                ["system.unknown"] = [4],
            },
        }))["a"].Xattrs.Keys);

    [Fact]
    public void Attributes_and_content_of_every_length_find_their_place()
    {
        var tar = new TarBuilder();
        int[] lengths = [0, 1, 500, 2000, 2047, 2048, 2049, 3900, 4000, 4095, 4096, 4097, 6000, 8192];
        foreach (var xattr in lengths)
            foreach (var content in lengths)
                tar.File($"{xattr}-{content}", new string('c', content), new TarAttributes
                {
                    Xattrs = new Dictionary<string, byte[]> { ["user.x"] = [.. Enumerable.Repeat((byte)7, xattr)] },
                });
        var root = _fixture.Read(tar);
        foreach (var xattr in lengths)
            foreach (var content in lengths)
                Assert.Equal((xattr, new string('c', content)),
                    (root[$"{xattr}-{content}"].Xattrs["user.x"].Length, root[$"{xattr}-{content}"].Text));
    }
}
