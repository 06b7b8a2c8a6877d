using System.Text;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Images;

public sealed class BlobStoreTests : IDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("content");
    private static readonly Digest ContentDigest = Digest.Of(Content);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly BlobStore _blobs;

    public BlobStoreTests() => _blobs = NewStore();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private BlobStore NewStore() => new(new DataLayout(_folder.Path), _clock);

    private string[] Files() => Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);

    [Fact]
    public async Task What_is_written_is_found_by_its_digest()
    {
        Assert.Null(_blobs.Find(ContentDigest));
        Assert.Equal(ContentDigest, await _blobs.PutAsync(Content, Stop));
        Assert.Equal(Content.Length, _blobs.Find(ContentDigest));
        Assert.Equal(Content, await _blobs.ReadAsync(ContentDigest, 100, Stop));
        Assert.Single(Files());
    }

    [Fact]
    public async Task Content_of_another_digest_is_refused_and_leaves_nothing()
    {
        await using (var writer = _blobs.BeginWrite())
        {
            await writer.WriteAsync(Content, Stop);
            var failure = Assert.Throws<NodeException>(() => writer.Commit(Digest.Of([])));
            Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
            Assert.Contains(ContentDigest.ToString(), failure.Message, StringComparison.Ordinal);
        }
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_writer_that_is_dropped_leaves_nothing()
    {
        await using (var writer = _blobs.BeginWrite())
            await writer.WriteAsync(Content, Stop);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task What_a_dead_process_was_writing_is_swept_at_the_next_start()
    {
        var abandoned = _blobs.BeginWrite();
        await abandoned.WriteAsync(Content, Stop);
        await _blobs.PutAsync(new byte[] { 1 }, Stop);
        Assert.Equal(2, Files().Length);
        NewStore();
        Assert.Single(Files());
        await abandoned.DisposeAsync();
    }

    [Fact]
    public async Task Many_may_write_the_same_blob_at_once()
    {
        await Parallel.ForAsync(0, 50, Stop, async (_, stop) =>
        {
            await using var writer = _blobs.BeginWrite();
            await writer.WriteAsync(Content, stop);
            writer.Commit(ContentDigest);
        });
        Assert.Single(Files());
        Assert.Equal(Content, await _blobs.ReadAsync(ContentDigest, 100, Stop));
    }

    [Fact]
    public async Task A_writer_can_begin_again()
    {
        await using var writer = _blobs.BeginWrite();
        await writer.WriteAsync("something else"u8.ToArray(), Stop);
        writer.Reset();
        await writer.WriteAsync(Content, Stop);
        writer.Commit(ContentDigest);
        Assert.Equal(Content, await _blobs.ReadAsync(ContentDigest, 100, Stop));
    }

    [Fact]
    public async Task A_blob_is_removed_when_nobody_holds_needs_or_was_promised_it()
    {
        await _blobs.PutAsync(Content, Stop);
        using (_blobs.Hold([ContentDigest]))
        using (_blobs.Hold([ContentDigest]))
            _blobs.Remove(ContentDigest, _ => false);
        Assert.NotNull(_blobs.Find(ContentDigest));

        _blobs.Promise(ContentDigest, Hour);
        _blobs.Remove(ContentDigest, _ => false);
        Assert.NotNull(_blobs.Find(ContentDigest));

        _clock.Advance(Hour);
        _blobs.Remove(ContentDigest, _ => true);
        Assert.NotNull(_blobs.Find(ContentDigest));

        _blobs.Remove(ContentDigest, _ => false);
        _blobs.Remove(ContentDigest, _ => false);
        Assert.Null(_blobs.Find(ContentDigest));
    }

    [Fact]
    public async Task What_is_too_large_is_not_read_into_memory()
    {
        await _blobs.PutAsync(Content, Stop);
        var failure = await Assert.ThrowsAsync<NodeException>(() => _blobs.ReadAsync(ContentDigest, 3, Stop));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
    }

    [Fact]
    public async Task What_is_not_here_is_not_found()
    {
        var failure = await Assert.ThrowsAsync<NodeException>(() => _blobs.ReadAsync(ContentDigest, 3, Stop));
        Assert.Equal(NodeErrorKind.NotFound, failure.Kind);
    }

    [Theory]
    [InlineData("sha256:../../../../etc/passwd")]
    [InlineData("sha256:")]
    [InlineData("sha256:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08")]
    [InlineData("md5:9f86d081884c7d659a2feaa0c55ad015")]
    public void Only_a_digest_can_name_a_blob(string text)
    {
        Assert.False(Digest.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Digest.Parse(text));
    }
}
