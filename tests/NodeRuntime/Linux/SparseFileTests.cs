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
    public void An_empty_file_can_be_copied()
    {
        File.WriteAllBytes(_folder.PathOf("source"), []);
        SparseFile.Copy(_folder.PathOf("source"), _folder.PathOf("target"));
        Assert.Equal(0, new FileInfo(_folder.PathOf("target")).Length);
    }
}
