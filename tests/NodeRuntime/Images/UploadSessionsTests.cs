using System.Text;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Images;

public sealed class UploadSessionsTests : IAsyncDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("0123456789");
    private static readonly TimeSpan Timeout = TimeSpan.FromHours(1);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly BlobStore _blobs;
    private readonly UploadSessions _uploads;

    public UploadSessionsTests()
    {
        _blobs = new BlobStore(new DataLayout(_folder.Path), _clock);
        _uploads = new UploadSessions(_blobs, Timeout, _clock);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _uploads.DisposeAsync();
        Assert.All(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories),
            path => Assert.True(Digest.IsHex(Path.GetFileName(path)), $"{path} was left behind"));
        _folder.Dispose();
    }

    [Fact]
    public async Task An_upload_in_pieces_becomes_a_blob()
    {
        var id = _uploads.Begin();
        Assert.Equal(4, await _uploads.AppendAsync(id, 0, new MemoryStream(Content, 0, 4), Stop));
        Assert.Equal(10, await _uploads.AppendAsync(id, null, new MemoryStream(Content, 4, 6), Stop));
        await _uploads.FinishAsync(id, Digest.Of(Content));
        Assert.Equal(10, _blobs.Find(Digest.Of(Content)));
        AssertGone(id);
    }

    [Fact]
    public async Task A_piece_at_the_wrong_place_is_refused()
    {
        var id = _uploads.Begin();
        await _uploads.AppendAsync(id, 0, new MemoryStream(Content, 0, 4), Stop);
        var failure = await Assert.ThrowsAsync<NodeException>(() => _uploads.AppendAsync(id, 5, new MemoryStream(Content), Stop));
        Assert.Equal((NodeErrorKind.WrongPhase, 4), (failure.Kind, _uploads.OffsetOf(id)));
    }

    [Fact]
    public async Task What_came_before_a_connection_was_lost_stays()
    {
        var id = _uploads.Begin();
        await Assert.ThrowsAsync<IOException>(() => _uploads.AppendAsync(id, 0, new BrokenStream(Content), Stop));
        Assert.Equal(10, _uploads.OffsetOf(id));
        await _uploads.FinishAsync(id, Digest.Of(Content));
    }

    [Fact]
    public async Task A_wrong_digest_ends_the_upload_with_nothing()
    {
        var id = _uploads.Begin();
        await _uploads.AppendAsync(id, 0, new MemoryStream(Content), Stop);
        var failure = await Assert.ThrowsAsync<NodeException>(() => _uploads.FinishAsync(id, Digest.Of([])));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
        AssertGone(id);
    }

    [Fact]
    public async Task While_one_request_adds_no_other_may()
    {
        var id = _uploads.Begin();
        using var slow = new WaitingStream();
        var first = _uploads.AppendAsync(id, 0, slow, Stop);
        foreach (var attempt in (Func<Task>[])[
            () => _uploads.AppendAsync(id, null, new MemoryStream(Content), Stop),
            () => _uploads.FinishAsync(id, Digest.Of([])),
            () => _uploads.CancelAsync(id)])
            Assert.Equal(NodeErrorKind.WrongPhase, (await Assert.ThrowsAsync<NodeException>(attempt)).Kind);
        slow.End();
        await first;
        await _uploads.CancelAsync(id);
        AssertGone(id);
    }

    [Fact]
    public async Task An_upload_that_nobody_goes_on_with_is_dropped()
    {
        var (abandoned, alive) = (_uploads.Begin(), _uploads.Begin());
        _clock.Advance(Timeout * 0.75);
        await _uploads.AppendAsync(alive, 0, new MemoryStream(Content), Stop);
        _clock.Advance(Timeout * 0.5);
        AssertGone(abandoned);
        Assert.Equal(10, _uploads.OffsetOf(alive));
    }

    [Fact]
    public void Too_many_uploads_at_once_are_refused()
    {
        for (var i = 0; i < 1000; i++)
            _uploads.Begin();
        Assert.Equal(NodeErrorKind.RateLimited, Assert.Throws<NodeException>(_uploads.Begin).Kind);
    }

    private void AssertGone(string id) =>
        Assert.Equal(NodeErrorKind.NotFound, Assert.Throws<NodeException>(() => _uploads.OffsetOf(id)).Kind);

    /// <summary>Gives what it has, then fails as a lost connection does.</summary>
    private sealed class BrokenStream(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position == Length ? throw new IOException("lost") : base.ReadAsync(buffer, cancellationToken);
    }

    /// <summary>Gives nothing until it is told to end.</summary>
    private sealed class WaitingStream : MemoryStream
    {
        private readonly TaskCompletionSource<int> _end = new();

        public void End() => _end.SetResult(0);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(_end.Task);
    }
}
