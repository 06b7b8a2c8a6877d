using System.Globalization;
using System.Security.Cryptography;
using Hypeman.GuestAgent.Agent;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.Tests.GuestAgent.Agent;

public sealed class FileContentTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hypeman-test-");

    private string FilePath => Path.Combine(_folder.FullName, "file");

    public void Dispose() => _folder.Delete(recursive: true);

    private static byte[] ReadAll(FileContent content)
    {
        var all = new MemoryStream();
        var buffer = new byte[1000];
        while (content.Read(buffer) is > 0 and var count)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32 << 10)]
    [InlineData(100_000)]
    public void A_file_comes_as_it_is(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        File.WriteAllBytes(FilePath, bytes);
        using var content = new FileContent(FilePath, size);
        Assert.Equal(size, content.Size);
        Assert.Equal(bytes, ReadAll(content));
    }

    [Fact]
    public void A_file_that_tells_no_size_is_read_to_its_end()
    {
        var version = File.ReadAllBytes("/proc/version");
        using var content = new FileContent("/proc/version", new FileInfo("/proc/version").Length);
        Assert.Equal(version.Length, content.Size);
        Assert.Equal(version, ReadAll(content));
    }

    [Fact]
    public void A_file_that_tells_a_size_too_large_gets_the_right_one()
    {
        File.WriteAllText(FilePath, "1500\n");
        using var content = new FileContent(FilePath, 4096);
        Assert.Equal(5, content.Size);
        Assert.Equal("1500\n"u8.ToArray(), ReadAll(content));
    }

    [Fact]
    public void What_comes_to_a_file_later_is_left_out()
    {
        File.WriteAllBytes(FilePath, new byte[50_000]);
        using var content = new FileContent(FilePath, 50_000);
        File.AppendAllText(FilePath, "more");
        Assert.Equal(50_000, ReadAll(content).Length);
    }

    [Fact]
    public void A_file_that_tells_no_size_and_does_not_end_is_refused()
    {
        File.WriteAllBytes(FilePath, new byte[1000]);
        using (var content = new FileContent(FilePath, 0, maxUntoldBytes: 1001))
            Assert.Equal(1000, content.Size);
        var failure = Assert.Throws<LinuxException>(() => new FileContent(FilePath, 0, maxUntoldBytes: 1000));
        Assert.Contains(1000.ToString(CultureInfo.InvariantCulture), failure.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.TooLarge, failure.Errno);
    }
}
