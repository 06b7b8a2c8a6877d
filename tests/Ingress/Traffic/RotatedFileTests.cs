using Hypeman.Ingress.Traffic;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Ingress.Traffic;

/// <summary>Logs do not fill disks.</summary>
public sealed class RotatedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_that_is_long_enough_makes_room_and_the_oldest_goes()
    {
        var path = _folder.PathOf("log");
        using var file = new RotatedFile(path, mostBytes: 4, files: 3);

        foreach (var line in new[] { "aaaa", "bb", "bb", "cccc", "dddd" })
            file.Append(System.Text.Encoding.ASCII.GetBytes(line));

        Assert.Equal(
            [("log", "dddd"), ("log.1", "cccc"), ("log.2", "bbbb")],
            Directory.GetFiles(Path.GetDirectoryName(path)!).Order(StringComparer.Ordinal).Select(name => (Path.GetFileName(name), File.ReadAllText(name))));
    }

    [Fact]
    public void One_that_is_there_already_is_gone_on_with()
    {
        var path = _folder.PathOf("log");
        File.WriteAllText(path, "a\n");

        using (var file = new RotatedFile(path, mostBytes: 100, files: 3))
            file.Append("b\n"u8);

        Assert.Equal("a\nb\n", File.ReadAllText(path));
    }
}
