using System.Collections.Concurrent;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>The line of images that are to be pulled, and that of images to be converted.</summary>
public sealed class ImageLinesTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = [];
    private readonly ImageHostFixture _fixture = new();
    private FakeRegistry _registry = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await FakeRegistry.StartAsync();
        _registry.Script = async context =>
        {
            if (HeldBy(context.Request.Path.Value!) is { } held)
                await held.Task.WaitAsync(context.RequestAborted);
            return false;
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var held in _held.Values)
            held.TrySetResult();
        await _fixture.DisposeAsync();
        await _registry.DisposeAsync();
    }

    private TaskCompletionSource? HeldBy(string path) => path.Contains("/blobs/", StringComparison.Ordinal)
        ? _held.FirstOrDefault(held => path.StartsWith($"/v2/{held.Key}/", StringComparison.Ordinal)).Value
        : null;

    private static OciImage Image(string content) => new OciImageBuilder().File("own", content).Build();

    private string Name(string name) => $"{_registry.Host}/{name}";

    private async Task StartAsync(int pulls)
    {
        _fixture.Options.MaxConcurrentPulls = pulls;
        await _fixture.RestartAsync();
    }

    /// <summary>An image whose layer the registry does not send before the signal is given.</summary>
    private async Task<(ResolvedImage Image, TaskCompletionSource Gate)> AddHeldAsync(string name)
    {
        var image = await AddAsync(name);
        var gate = _held[name] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (image, gate);
    }

    private async Task<ResolvedImage> AddAsync(string name)
    {
        _registry.Add(Image(name), name);
        return await _fixture.ResolveAsync(Name(name));
    }

    private Watching Watch(string name, ResolvedImage image) =>
        new(_fixture.Host.EnsureRootAsync(ImageHostFixture.Reference(Name(name)), image, null, Stop).GetAsyncEnumerator(Stop));

    /// <summary>What one caller saw of the making of a root, and sees next.</summary>
    private sealed class Watching(IAsyncEnumerator<RootProgress> progress) : IAsyncDisposable
    {
        public List<RootProgress> Seen { get; } = [];

        public async Task<RootProgress> UntilAsync(Func<RootProgress, bool> wanted)
        {
            while (await progress.MoveNextAsync().AsTask().WaitAsync(Patience, Stop))
            {
                Seen.Add(progress.Current);
                if (wanted(progress.Current))
                    return progress.Current;
            }
            throw new InvalidOperationException("The work ended before what was waited for.");
        }

        public Task<RootProgress> UntilAsync(RootStage stage, int? place) =>
            UntilAsync(now => now.Stage == stage && now.QueuePosition == place);

        public Task<RootProgress> EndAsync() => UntilAsync(now => now.Stage is RootStage.Ready or RootStage.Failed);

        public ValueTask DisposeAsync() => progress.DisposeAsync();
    }

    [Fact]
    public async Task Images_wait_to_be_pulled_and_know_their_place()
    {
        await StartAsync(pulls: 1);
        var (a, gate) = await AddHeldAsync("a");
        var (b, c) = (await AddAsync("b"), await AddAsync("c"));
        await using var first = Watch("a", a);
        await first.UntilAsync(RootStage.Pulling, null);
        await using var second = Watch("b", b);
        await using var third = Watch("c", c);
        await second.UntilAsync(RootStage.Queued, 1);
        await third.UntilAsync(RootStage.Queued, 2);

        await _fixture.Host.DeleteAsync(b.ManifestDigest, Stop);

        Assert.Equal("The work was cancelled.", (await second.EndAsync()).Error);
        await third.UntilAsync(RootStage.Queued, 1);
        gate.SetResult();
        Assert.Equal(RootStage.Ready, (await first.EndAsync()).Stage);
        Assert.Equal(RootStage.Ready, (await third.EndAsync()).Stage);
        Assert.Null(_fixture.Host.FindRoot(b.ManifestDigest));
    }

    [Fact]
    public async Task A_registry_that_hangs_holds_up_no_other_image()
    {
        await StartAsync(pulls: 2);
        var (hanging, _) = await AddHeldAsync("a");
        var other = await AddAsync("b");
        await using var first = Watch("a", hanging);
        await first.UntilAsync(RootStage.Pulling, null);

        Assert.Equal(RootStage.Ready, (await _fixture.EnsureAsync(Name("b"), other)).Stage);
    }

    [Fact]
    public async Task An_image_that_was_pushed_passes_those_that_wait_for_a_registry()
    {
        await StartAsync(pulls: 1);
        var (hanging, _) = await AddHeldAsync("a");
        await using var first = Watch("a", hanging);
        await first.UntilAsync(RootStage.Pulling, null);
        var pushed = await PushAsync(Image("pushed"));

        await using var second = Watch("pushed", pushed);

        Assert.Equal(RootStage.Ready, (await second.EndAsync()).Stage);
        Assert.DoesNotContain(second.Seen, now => now.Stage == RootStage.Pulling);
    }

    [Fact]
    public async Task A_pull_that_was_cancelled_or_failed_makes_room_for_the_next()
    {
        await StartAsync(pulls: 1);
        var (cancelled, _) = await AddHeldAsync("a");
        var (failing, gate) = await AddHeldAsync("b");
        var last = await AddAsync("c");
        await using var first = Watch("a", cancelled);
        await first.UntilAsync(RootStage.Pulling, null);
        await using var second = Watch("b", failing);
        await second.UntilAsync(RootStage.Queued, 1);
        await using var third = Watch("c", last);
        await third.UntilAsync(RootStage.Queued, 2);

        await _fixture.Host.DeleteAsync(cancelled.ManifestDigest, Stop);
        await second.UntilAsync(RootStage.Pulling, null);
        await third.UntilAsync(RootStage.Queued, 1);
        gate.SetException(new InvalidOperationException("The registry breaks."));

        Assert.Equal(RootStage.Failed, (await second.EndAsync()).Stage);
        Assert.Equal(RootStage.Ready, (await third.EndAsync()).Stage);
    }

    [Fact]
    public async Task A_pull_that_takes_too_long_is_given_up_and_the_next_one_comes()
    {
        await using var fixture = new ImageHostFixture(_clock);
        fixture.Options.MaxConcurrentPulls = 1;
        await fixture.RestartAsync();
        var (slow, _) = await AddHeldAsync("a");
        var other = await AddAsync("b");
        var asked = BlobsAskedFor();
        var first = fixture.EnsureAsync(Name("a"), slow);
        await Until.True(() => BlobsAskedFor() > asked, Patience, "the layer is asked for");
        var second = fixture.EnsureAsync(Name("b"), other);

        _clock.Advance(fixture.Options.PullTimeout);

        Assert.Contains("pull was given up after 02:00:00", (await first.WaitAsync(Patience, Stop)).Error, StringComparison.Ordinal);
        Assert.Equal(RootStage.Ready, (await second.WaitAsync(Patience, Stop)).Stage);
    }

    [Fact]
    public async Task An_image_that_was_pulled_waits_to_be_converted_and_lets_others_pull()
    {
        await StartAsync(pulls: 1);
        var slow = Image("slow");
        var pushed = await PushAsync(slow);
        var layer = _fixture.Host.Blobs.PathOf(LayerOf(slow));
        File.Delete(layer);
        await Command.RunAsync("mkfifo", [layer], Stop); // Whoever opens it waits for somebody who writes, and then it is no layer.
        var (b, c) = (await AddAsync("b"), await AddAsync("c"));
        await using var first = Watch("slow", pushed);
        await first.UntilAsync(now => now is { Stage: RootStage.Converting, BytesTotal: 0, QueuePosition: null });

        await using var second = Watch("b", b);
        await using var third = Watch("c", c);
        try
        {
            await second.UntilAsync(RootStage.Converting, 1);
            await third.UntilAsync(RootStage.Converting, 2);
        }
        finally
        {
            await Task.Run(() => new FileStream(layer, FileMode.Open, FileAccess.Write, FileShare.ReadWrite).Dispose(), Stop)
                .WaitAsync(Patience, Stop);
        }

        Assert.Equal(RootStage.Failed, (await first.EndAsync()).Stage);
        Assert.Equal(RootStage.Ready, (await second.EndAsync()).Stage);
        Assert.Equal(RootStage.Ready, (await third.EndAsync()).Stage);
        Assert.All([first, second, third], watch => Assert.Equal(
            watch.Seen.Select(now => now.Stage).Order(), watch.Seen.Select(now => now.Stage)));
    }

    private int BlobsAskedFor() => _registry.Requests.Count(request => HeldBy(request.Path) is not null);

    private async Task<ResolvedImage> PushAsync(OciImage image)
    {
        foreach (var blob in image.Blobs.Values)
            await _fixture.Host.Blobs.PutAsync(blob, Stop);
        return await _fixture.Host.ResolvePushedAsync(
            ImageReference.TryParse("localhost/pushed", out _)!, image.ManifestDigest, "linux/amd64", Stop);
    }

    private static Digest LayerOf(OciImage image) => Digest.Parse(image.Blobs.First(blob => blob.Value[0] == 0x1f).Key);
}
