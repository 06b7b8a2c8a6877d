using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_write_replaces_the_content_and_leaves_nothing_else()
    {
        var path = _folder.PathOf("ledger.json");
        AtomicFile.Write(path, "one, and longer");
        AtomicFile.Write(path, "two");

        Assert.Equal("two", File.ReadAllText(path));
        Assert.Equal([path], Directory.EnumerateFiles(_folder.Path));
        Assert.Equal(FileModes.Private, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_content_and_nothing_else()
    {
        var path = Directory.CreateDirectory(_folder.PathOf("not-a-file")).FullName;
        Assert.ThrowsAny<Exception>(() => AtomicFile.Write(path, "x"));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void What_dead_writers_left_is_swept()
    {
        AtomicFile.Write(_folder.PathOf("kept"), "x");
        File.WriteAllText(_folder.PathOf("kept.0123.tmp"), "half");
        AtomicFile.Sweep(_folder.Path);
        Assert.Equal([_folder.PathOf("kept")], Directory.EnumerateFiles(_folder.Path));
    }
}
