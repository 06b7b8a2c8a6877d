using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_write_replaces_the_content_and_leaves_nothing_else()
    {
        var path = folder.PathOf("ledger.json");
        AtomicFile.Write(path, "one, and longer");
        AtomicFile.Write(path, "two");

        Assert.Equal("two", File.ReadAllText(path));
        Assert.Equal([path], Directory.EnumerateFiles(folder.Path));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_content_and_nothing_else()
    {
        var path = Directory.CreateDirectory(folder.PathOf("not-a-file")).FullName;
        Assert.ThrowsAny<Exception>(() => AtomicFile.Write(path, "x"));
        Assert.Empty(Directory.EnumerateFiles(folder.Path));
    }

    [Fact]
    public void What_dead_writers_left_is_swept()
    {
        AtomicFile.Write(folder.PathOf("kept"), "x");
        File.WriteAllText(folder.PathOf("kept.0123.tmp"), "half");
        AtomicFile.Sweep(folder.Path);
        Assert.Equal([folder.PathOf("kept")], Directory.EnumerateFiles(folder.Path));
    }
}
