using System.Runtime.CompilerServices;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>Blobs come from other hosts where they can be had there; no host can do harm.</summary>
public sealed class PeerFetchTests : IAsyncLifetime
{
    private const string Nowhere = "127.0.0.1:1/app";

    private readonly FakePeers _peers = new();
    private readonly ImageHostFixture _fixture;
    private readonly OciImage _image =
        new OciImageBuilder().File("a", new string('a', 100_000)).NextLayer().File("b", "b").Build();

    private FakeRegistry _registry = null!;

    public PeerFetchTests() => _fixture = new ImageHostFixture(peers: _peers);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string LargestLayer => _image.Blobs.MaxBy(blob => blob.Value.Length).Key;

    public async ValueTask InitializeAsync() => _registry = (await FakeRegistry.StartAsync()).Add(_image, "app");

    public async ValueTask DisposeAsync()
    {
        await _fixture.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task An_image_that_only_another_host_has_is_made_from_its_blobs()
    {
        _peers.Add((_, _) => null);
        var holder = _peers.Add(Honest);

        var resolved = await _fixture.Host.ResolvePushedAsync(ImageHostFixture.Reference(Nowhere), _image.ManifestDigest, "linux/amd64", Stop);
        var end = await _fixture.EnsureAsync(Nowhere, resolved);

        Assert.Equal((RootStage.Ready, null), (end.Stage, end.Error));
        Assert.Equal(_image.Blobs.Keys.Order(), holder.Asked.Select(asked => asked.Blob.ToString()).Order());
        Assert.All(_peers.Wishes, wish => Assert.Equal(("app", _image.ManifestDigest), (wish.Repository, wish.Image.ToString())));
    }

    [Fact]
    public async Task What_no_host_has_is_not_found_when_it_was_pushed_and_asked_of_the_registry_otherwise()
    {
        var failure = await Assert.ThrowsAsync<NodeException>(() => _fixture.Host.ResolvePushedAsync(
            ImageHostFixture.Reference(Nowhere), _image.ManifestDigest, "linux/amd64", Stop));
        Assert.Equal(NodeErrorKind.NotFound, failure.Kind);

        await _fixture.PullAsync($"{_registry.Host}/app");
    }

    [Fact]
    public async Task A_host_that_is_cut_off_is_asked_for_the_rest()
    {
        var cut = false;
        var holder = _peers.Add((blob, offset) =>
            blob.ToString() == LargestLayer && !cut && (cut = true) ? new CutStream(_image.Blobs[LargestLayer], length: 100) : Honest(blob, offset));

        await PullWithoutLayersAtTheRegistryAsync();

        Assert.Equal([0L, 100L], holder.Asked.Where(asked => asked.Blob.ToString() == LargestLayer).Select(asked => asked.Offset));
    }

    [Fact]
    public async Task Another_host_goes_on_where_one_has_died()
    {
        _peers.Add((blob, offset) => offset > 0 ? throw new IOException("gone") : new CutStream(_image.Blobs[blob.ToString()], length: 10));
        var second = _peers.Add(Honest);

        await PullWithoutLayersAtTheRegistryAsync();

        Assert.All(second.Asked, asked => Assert.Equal(10, asked.Offset));
    }

    [Fact]
    public async Task A_lie_is_found_out_and_the_next_host_asked_from_the_beginning()
    {
        _peers.Add((blob, offset) => Lie(blob, offset));
        var honest = _peers.Add(Honest);

        await PullWithoutLayersAtTheRegistryAsync();

        Assert.All(honest.Asked, asked => Assert.Equal(0, asked.Offset));
    }

    [Fact]
    public async Task Who_goes_on_with_the_lie_of_another_gets_a_second_chance()
    {
        _peers.Add((blob, offset) => offset > 0 ? throw new IOException("gone") : new CutStream(Lie(blob, 0).ToArray(), length: 10));
        var honest = _peers.Add(Honest);

        await PullWithoutLayersAtTheRegistryAsync();

        Assert.Equal([0L, 10L], honest.Asked.Where(asked => asked.Blob.ToString() == LargestLayer).Select(asked => asked.Offset).Order());
    }

    [Fact]
    public async Task When_all_hosts_lie_or_fail_the_registry_has_it()
    {
        _peers.Add((blob, offset) => Lie(blob, offset));
        _peers.Add((_, _) => throw new IOException("unreachable"));
        _peers.Add((_, _) => new MemoryStream(new byte[1 << 20]));
        _peers.Failure = new InvalidOperationException("the index is away");

        await _fixture.PullAsync($"{_registry.Host}/app");
    }

    /// <summary>What a tag means only its registry knows; its layers must come from elsewhere.</summary>
    private async Task PullWithoutLayersAtTheRegistryAsync()
    {
        var resolved = await _fixture.ResolveAsync($"{_registry.Host}/app");
        _registry.Requests.Clear();
        var end = await _fixture.EnsureAsync($"{_registry.Host}/app", resolved);
        Assert.Equal((RootStage.Ready, null), (end.Stage, end.Error));
        Assert.Empty(_registry.Requests);
    }

    private Stream? Honest(Digest blob, long offset) => new MemoryStream(_image.Blobs[blob.ToString()][(int)offset..]);

    private MemoryStream Lie(Digest blob, long offset) =>
        new(_image.Blobs[blob.ToString()].Select(b => (byte)~b).ToArray()[(int)offset..]);

    private sealed class FakePeers : IBlobPeers
    {
        private readonly List<FakePeer> _all = [];

        public List<BlobWish> Wishes { get; } = [];

        /// <summary>Thrown behind the last host.</summary>
        public Exception? Failure { get; set; }

        public FakePeer Add(Func<Digest, long, Stream?> open)
        {
            _all.Add(new FakePeer($"host {_all.Count}", open));
            return _all[^1];
        }

        public async IAsyncEnumerable<IBlobPeer> FindAsync(BlobWish wish, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            lock (Wishes)
                Wishes.Add(wish);
            foreach (var peer in _all)
                yield return peer;
            if (Failure is not null)
                throw Failure;
        }
    }

    private sealed class FakePeer(string name, Func<Digest, long, Stream?> open) : IBlobPeer
    {
        public List<(Digest Blob, long Offset)> Asked { get; } = [];

        public string Name => name;

        public Task<Stream?> OpenAsync(Digest blob, long offset, CancellationToken cancellationToken)
        {
            lock (Asked)
                Asked.Add((blob, offset));
            return Task.FromResult(open(blob, offset));
        }
    }

    /// <summary>Breaks off after some bytes.</summary>
    private sealed class CutStream(byte[] content, int length) : MemoryStream(content[..length])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var count ? count : throw new IOException("cut");
    }
}
