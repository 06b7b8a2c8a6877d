using System.Security.Cryptography;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>A data directory on a disk of two megabytes.</summary>
[Trait("Category", "Vm")]
public sealed class FullDiskTests : IAsyncLifetime
{
    private SmallDisk _disk = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _disk = await SmallDisk.MountAsync("2m");

    public ValueTask DisposeAsync() => _disk.DisposeAsync();

    private List<string> Files() => [.. Directory.EnumerateFiles(_disk.Path, "*", SearchOption.AllDirectories)];

    [Fact]
    public async Task A_blob_for_which_there_is_no_room_is_refused_and_leaves_nothing()
    {
        var blobs = new BlobStore(new DataLayout(_disk.Path), TimeProvider.System);
        var failure = await Assert.ThrowsAsync<NodeException>(() => blobs.PutAsync(RandomNumberGenerator.GetBytes(3 << 20), Stop));
        Assert.Equal(NodeErrorKind.InsufficientResources, failure.Kind);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_root_for_which_there_is_no_room_fails_and_leaves_only_the_blobs()
    {
        var image = new OciImageBuilder().File("a", RandomNumberGenerator.GetBytes(1 << 20)).Build();
        await using var registry = (await FakeRegistry.StartAsync()).Add(image, "a");
        var layout = new DataLayout(_disk.Path);
        Directory.CreateDirectory(layout.Root);
        await using var host = new ImageHost(
            layout, Options.Create(new ImageOptions { MinFreeBytes = 0, Platform = "linux/amd64" }), TimeProvider.System, NullLoggerFactory.Instance);
        var reference = ImageHostFixture.Reference($"{registry.Host}/a");

        var resolved = await host.ResolveAsync(reference, "", null, Stop);
        var end = await host.EnsureRootAsync(reference, resolved, null, Stop).LastAsync(Stop);

        Assert.Equal(RootStage.Failed, end.Stage);
        Assert.Contains("disk of this host is full", end.Error, StringComparison.Ordinal);
        Assert.All(Files(), path => Assert.Contains("/blobs/sha256/", path, StringComparison.Ordinal));
    }
}
