using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>The kernel mounts the image, and finds in it what tar unpacks from the same archive.</summary>
[Trait("Category", "Vm")]
public sealed class MountedRootTests : IDisposable
{
    private readonly RootFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Everything_is_as_tar_unpacks_it() => await CompareAsync(ErofsTests.Zoo(depth: 1500).Build());

    [Theory]
    [InlineData("gnu")]
    [InlineData("pax")]
    [InlineData("ustar")]
    [InlineData("v7")]
    public async Task Archives_of_GNU_tar_are_read(string format)
    {
        var source = Directory.CreateDirectory(Path.Combine(_fixture.Folder, "source")).FullName;
        var name = format is "gnu" or "pax" ? new string('a', 90) : "a";
        var deep = Directory.CreateDirectory(Path.Combine(source, name, new string('b', 80))).FullName;
        await File.WriteAllTextAsync(Path.Combine(deep, "file"), "content", Stop);
        File.CreateSymbolicLink(Path.Combine(deep, "link"), format is "gnu" or "pax" ? new string('t', 200) : "t");
        await CompareAsync(await TarAsync(source, $"--format={format}"));
    }

    [Theory]
    [InlineData("--format=gnu", "")]
    [InlineData("--format=pax", "--sparse-version=0.0")]
    [InlineData("--format=pax", "--sparse-version=0.1")]
    [InlineData("--format=pax", "--sparse-version=1.0")]
    public async Task Sparse_files_are_read(string format, string version)
    {
        var source = Directory.CreateDirectory(Path.Combine(_fixture.Folder, "source")).FullName;
        using (var file = File.OpenHandle(Path.Combine(source, "sparse"), FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, 80 << 20);
            for (var i = 0; i < 60; i++)
                RandomAccess.Write(file, "island"u8, (i << 20) + i);
        }
        string[] options = [format, "--sparse", .. version.Length == 0 ? [] : (string[])[version]];
        var tar = await TarAsync(source, options);
        Assert.InRange(tar.Length, 1, 2 << 20);
        await CompareAsync(tar);
    }

    private async Task<byte[]> TarAsync(string source, params string[] options)
    {
        var path = Path.Combine(_fixture.Folder, "archive.tar");
        await Command.RunAsync("tar", ["-C", source, .. options, "-cf", path, "."], Stop);
        return await File.ReadAllBytesAsync(path, Stop);
    }

    private async Task CompareAsync(byte[] tar)
    {
        var image = _fixture.Build(tar);
        var archive = Path.Combine(_fixture.Folder, "compared.tar");
        await File.WriteAllBytesAsync(archive, tar, Stop);
        var unpacked = Directory.CreateDirectory(Path.Combine(_fixture.Folder, "unpacked")).FullName;
        await Command.RunAsync("tar",
            ["-C", unpacked, "--delay-directory-restore", "--numeric-owner", "--same-owner", "--xattrs", "--xattrs-include=*", "-xpf", archive], Stop);
        var mounted = Directory.CreateDirectory(Path.Combine(_fixture.Folder, "mounted")).FullName;
        await Command.RunAsync("mount", ["-t", "erofs", "-o", "loop,ro", image, mounted], Stop);
        try
        {
            Assert.Equal(await DescribeAsync(unpacked), await DescribeAsync(mounted));
            await Command.RunAsync("diff", ["-r", "--no-dereference", "--exclude=dev", unpacked, mounted], Stop);
        }
        finally
        {
            await Command.RunAsync("umount", [mounted], CancellationToken.None);
        }
    }

    /// <summary>Type, mode, owner, size, time, links, target and device of every name, and all xattrs.</summary>
    private static async Task<string> DescribeAsync(string folder)
    {
        const string format = "%P %y %m %U %G %n %l %T@ \\n";
        var names = await Command.RunAsync("sh", ["-c", $"cd {folder} && find . -printf '{format}' | sort"], Stop);
        var sizes = await Command.RunAsync("sh", ["-c", $"cd {folder} && find . -type f -printf '%P %s\\n' | sort"], Stop);
        var devices = await Command.RunAsync("sh", ["-c", $"cd {folder} && find . '(' -type b -o -type c ')' -exec stat -c '%n %t %T' '{{}}' + | sort"], Stop);
        var xattrs = await Command.RunAsync("sh", ["-c", $"cd {folder} && find . -type f -print0 | sort -z | xargs -0 getfattr -m - -d -e hex --"], Stop);
        return names + sizes + devices + xattrs;
    }
}
