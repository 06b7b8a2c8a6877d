using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>What images share, and what is left when things go wrong.</summary>
public sealed class ImageHostTests : IAsyncLifetime
{
    private readonly ImageHostFixture _fixture = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FakeRegistry _registry = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _registry = await FakeRegistry.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        await _fixture.DisposeAsync();
        await _registry.DisposeAsync();
    }

    private static OciImage Image(string content, string shared = "shared") =>
        new OciImageBuilder().File("shared", shared).NextLayer().File("own", content).Build();

    private async Task<ResolvedImage> AddAsync(string name, OciImage image)
    {
        _registry.Add(image, name);
        return await _fixture.ResolveAsync(Name(name));
    }

    private string Name(string name) => $"{_registry.Host}/{name}";

    /// <summary>No layer is sent until the gate opens; manifests and configs are here already.</summary>
    private void HoldLayers() => _registry.Script = async context =>
    {
        if (context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
            await _gate.Task.WaitAsync(context.RequestAborted);
        return false;
    };

    private IAsyncEnumerator<RootProgress> Watch(string name, ResolvedImage image) =>
        _fixture.Host.EnsureRootAsync(ImageHostFixture.Reference(Name(name)), image, null, Stop).GetAsyncEnumerator(Stop);

    private static async Task<RootProgress> NextAsync(IAsyncEnumerator<RootProgress> watch, Func<RootProgress, bool> wanted)
    {
        while (await watch.MoveNextAsync())
            if (wanted(watch.Current))
                return watch.Current;
        throw new InvalidOperationException("The work ended before what was waited for.");
    }

    private static bool RootJobEnded(RootProgress progress) => progress.Stage is RootStage.Ready or RootStage.Failed;

    [Fact]
    public async Task Two_callers_for_one_image_share_the_work_and_one_may_leave()
    {
        var image = await AddAsync("a", Image("a"));
        var asked = _registry.Requests.Count;
        HoldLayers();
        var leaving = Watch("a", image);
        await NextAsync(leaving, progress => progress.Stage == RootStage.Pulling);
        await using var staying = Watch("a", image);
        await staying.MoveNextAsync();
        await leaving.DisposeAsync();
        _gate.SetResult();
        Assert.Equal(RootStage.Ready, (await NextAsync(staying, RootJobEnded)).Stage);
        Assert.Equal(2, _registry.Requests.Count - asked);
    }

    [Fact]
    public async Task Progress_tells_how_far_the_work_is()
    {
        var image = await AddAsync("a", Image("a"));
        HoldLayers();
        await using var watch = Watch("a", image);
        var pulling = await NextAsync(watch, progress => progress.BytesTotal > 0);
        _gate.SetResult();
        var end = await NextAsync(watch, RootJobEnded);
        Assert.Equal((RootStage.Pulling, 0), (pulling.Stage, pulling.BytesDone));
        Assert.True(end.RootBytes >= 4096);
    }

    [Fact]
    public async Task A_root_that_is_here_is_ready_at_once_also_after_a_restart()
    {
        var image = await AddAsync("a", Image("a"));
        await _fixture.EnsureAsync(Name("a"), image);
        await _fixture.RestartAsync();
        await _registry.DisposeAsync();
        Assert.Equal(RootStage.Ready, (await _fixture.EnsureAsync(Name("a"), image)).Stage);
        var known = await _fixture.Host.ResolvePushedAsync(ImageHostFixture.Reference(Name("a")), image.ManifestDigest, "linux/amd64", Stop);
        Assert.Equal(image.ManifestDigest, known.ManifestDigest);
    }

    [Fact]
    public async Task What_is_not_whole_is_swept_at_the_next_start_and_made_again()
    {
        var image = await AddAsync("a", Image("a"));
        await _fixture.EnsureAsync(Name("a"), image);
        var root = _fixture.Host.FindRootPath(image.ManifestDigest)!;
        File.Delete(Path.ChangeExtension(root, ".json"));
        File.WriteAllText($"{root}.part", "half a root");
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(root)!, new string('0', 64) + ".json"), "half a rec");
        await _fixture.RestartAsync();

        Assert.Empty(ImageHostFixture.FilesOf(_fixture.Layout.Roots));
        Assert.Null(_fixture.Host.FindRoot(image.ManifestDigest));
        var asked = _registry.Requests.Count;
        Assert.Equal(RootStage.Ready, (await _fixture.EnsureAsync(Name("a"), image)).Stage);
        Assert.Equal(asked, _registry.Requests.Count); // The blobs were whole.
    }

    [Fact]
    public async Task A_root_whose_file_was_cut_is_no_root_after_a_restart()
    {
        var image = await AddAsync("a", Image("a"));
        await _fixture.EnsureAsync(Name("a"), image);
        using (var file = File.OpenHandle(_fixture.Host.FindRootPath(image.ManifestDigest)!, access: FileAccess.Write))
            RandomAccess.SetLength(file, 4096);
        await _fixture.RestartAsync();
        Assert.Null(_fixture.Host.FindRoot(image.ManifestDigest));
    }

    [Fact]
    public async Task Stopping_this_host_stops_the_work_and_leaves_nothing_half_made()
    {
        var image = await AddAsync("a", Image("a"));
        HoldLayers();
        await using var watch = Watch("a", image);
        await NextAsync(watch, progress => progress.Stage == RootStage.Pulling);
        await _fixture.RestartAsync();
        Assert.Equal(RootStage.Failed, (await NextAsync(watch, RootJobEnded)).Stage);
        Assert.Empty(ImageHostFixture.FilesOf(_fixture.Layout.Roots));
        Assert.DoesNotContain(ImageHostFixture.FilesOf(_fixture.Layout.Blobs), path => path.StartsWith("incoming", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deleting_an_image_keeps_the_blobs_that_another_one_needs()
    {
        var (one, two) = (Image("one"), Image("two"));
        var first = await AddAsync("one", one);
        var second = await AddAsync("two", two);
        await _fixture.EnsureAsync(Name("one"), first);
        await _fixture.EnsureAsync(Name("two"), second);

        await _fixture.Host.DeleteAsync(first.ManifestDigest, Stop);
        await _fixture.Host.DeleteAsync(first.ManifestDigest, Stop);

        Assert.Null(_fixture.Host.FindRoot(first.ManifestDigest));
        Assert.All(two.Blobs.Keys, blob => Assert.NotNull(_fixture.Host.Blobs.Find(Digest.Parse(blob))));
        Assert.All(one.Blobs.Keys.Except(two.Blobs.Keys), blob => Assert.Null(_fixture.Host.Blobs.Find(Digest.Parse(blob))));
        await _fixture.Host.DeleteAsync(second.ManifestDigest, Stop);
        Assert.Empty(ImageHostFixture.FilesOf(_fixture.Layout.Blobs));
        Assert.Empty(ImageHostFixture.FilesOf(_fixture.Layout.Roots));
    }

    [Fact]
    public async Task Blobs_that_nobody_came_back_for_are_swept_in_time()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var fixture = new ImageHostFixture(clock);
        _registry.Add(Image("a"), "a");
        await fixture.PullAsync(Name("a"));
        var stray = await fixture.Host.Blobs.PutAsync("stray"u8.ToArray(), Stop);

        clock.Advance(TimeSpan.FromHours(20));
        Assert.NotNull(fixture.Host.Blobs.Find(stray));
        clock.Advance(TimeSpan.FromHours(6));
        await Until.True(() => fixture.Host.Blobs.Find(stray) is null, TimeSpan.FromSeconds(30), "the stray blob is swept");
        Assert.Equal(4, ImageHostFixture.FilesOf(fixture.Layout.Blobs).Count);
    }

    [Fact]
    public async Task An_image_that_failed_can_be_tried_again()
    {
        var image = await AddAsync("a", Image("a"));
        _registry.Script = context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.FromResult(true);
        };
        var failed = await _fixture.EnsureAsync(Name("a"), image);
        _registry.Script = _ => Task.FromResult(false);
        Assert.Equal(RootStage.Failed, failed.Stage);
        Assert.Contains("was not found", failed.Error, StringComparison.Ordinal);
        Assert.Equal(RootStage.Ready, (await _fixture.EnsureAsync(Name("a"), image)).Stage);
    }

    [Fact]
    public async Task An_image_for_which_the_disk_has_no_room_is_refused()
    {
        var image = await AddAsync("a", Image("a"));
        _fixture.Options.MinFreeBytes = long.MaxValue / 2;
        var end = await _fixture.EnsureAsync(Name("a"), image);
        Assert.Contains("must stay free", end.Error, StringComparison.Ordinal);
        Assert.Empty(ImageHostFixture.FilesOf(_fixture.Layout.Roots));
    }

    [Fact]
    public async Task An_image_that_was_pushed_needs_no_registry()
    {
        var pushed = Image("pushed");
        foreach (var blob in pushed.Blobs.Values)
            await _fixture.Host.Blobs.PutAsync(blob, Stop);
        var name = ImageHostFixture.Reference("127.0.0.1:1/pushed");
        var image = await _fixture.Host.ResolvePushedAsync(name, pushed.ManifestDigest, "linux/amd64", Stop);
        Assert.Equal(RootStage.Ready, (await _fixture.EnsureAsync("127.0.0.1:1/pushed", image)).Stage);
        var failure = await Assert.ThrowsAsync<NodeException>(
            () => _fixture.Host.ResolvePushedAsync(name, pushed.ManifestDigest, "linux/arm64", Stop));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
    }

    [Fact]
    public async Task A_corrupt_layer_fails_the_image_with_its_digest()
    {
        var (good, bad) = (Image("good"), Image("bad"));
        var layer = good.Blobs.Keys.Except(bad.Blobs.Keys).First(digest => digest != good.ManifestDigest && good.Blobs[digest][0] == 0x1f);
        var image = await AddAsync("a", good);
        _registry.SetBlob(layer, new byte[good.Blobs[layer].Length]);
        var end = await _fixture.EnsureAsync(Name("a"), image);
        Assert.Equal(RootStage.Failed, end.Stage);
        Assert.Contains(layer, end.Error, StringComparison.Ordinal);
    }
}
