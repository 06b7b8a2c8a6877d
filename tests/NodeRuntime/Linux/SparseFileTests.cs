using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class SparseFileTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0L)]
    [InlineData(3L * Megabyte)]
    [InlineData(64L * Megabyte - 4)]
    public void A_copy_has_the_data_at_its_place_and_the_length(long offset)
    {
        var (source, target) = (_folder.PathOf("source"), _folder.PathOf("target"));
        SparseFile.Create(source, 64 * Megabyte);
        using (var file = new FileStream(source, FileMode.Open))
        {
            file.Position = offset;
            file.Write([1, 2, 3, 4]);
        }

        SparseFile.Copy(source, target);

        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(target));
        Assert.InRange(FileStatus.Of(target)!.Value.UsedBytes, 1, Megabyte);
    }

    [Fact]
    public void Data_lies_where_it_was_written()
    {
        var path = _folder.PathOf("file");
        SparseFile.Create(path, 8 * Megabyte);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        Assert.Empty(SparseFile.Data(file));
        foreach (var start in (long[])[Megabyte, 7 * Megabyte])
            RandomAccess.Write(file, Enumerable.Repeat((byte)1, Megabyte).ToArray(), start);
        Assert.Equal([(Megabyte, 2 * Megabyte), (7 * Megabyte, 8 * Megabyte)], SparseFile.Data(file));
    }

    [Fact]
    public void An_empty_file_can_be_copied()
    {
        File.WriteAllBytes(_folder.PathOf("source"), []);
        SparseFile.Copy(_folder.PathOf("source"), _folder.PathOf("target"));
        Assert.Equal(0, new FileInfo(_folder.PathOf("target")).Length);
    }
}
