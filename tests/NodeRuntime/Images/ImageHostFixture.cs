using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>The images of a host, in a data directory of their own.</summary>
internal sealed class ImageHostFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TimeProvider _clock;
    private readonly FileLock _claim;

    private readonly IBlobPeers? _peers;

    public ImageHostFixture(TimeProvider? clock = null, IBlobPeers? peers = null)
    {
        (_clock, _peers) = (clock ?? TimeProvider.System, peers);
        Layout = new DataLayout(_folder.Path);
        _claim = Layout.Claim();
        Options = new ImageOptions { MinFreeBytes = 0, DockerConfigFile = _folder.PathOf("docker.json"), Platform = "linux/amd64" };
        Host = NewHost();
    }

    public DataLayout Layout { get; }
    public ImageOptions Options { get; }
    public ImageHost Host { get; private set; }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static ImageReference Reference(string text) =>
        ImageReference.TryParse(text, out var reason) ?? throw new ArgumentException(reason);

    /// <summary>As after the end of the process.</summary>
    public async Task RestartAsync()
    {
        await Host.DisposeAsync();
        Host = NewHost();
    }

    public Task<ResolvedImage> ResolveAsync(string reference, RegistryLogin? login = null) =>
        Host.ResolveAsync(Reference(reference), "linux/amd64", login, Stop);

    /// <summary>The last word on the root of an image.</summary>
    public async Task<RootProgress> EnsureAsync(string reference, ResolvedImage image, RegistryLogin? login = null) =>
        await Host.EnsureRootAsync(Reference(reference), image, login, Stop).LastAsync(Stop);

    /// <summary>Resolves, makes the root, and reads it.</summary>
    public async Task<IReadOnlyDictionary<string, ErofsFile>> PullAsync(string reference, RegistryLogin? login = null)
    {
        var image = await ResolveAsync(reference, login);
        var end = await EnsureAsync(reference, image, login);
        Assert.Equal((RootStage.Ready, null), (end.Stage, end.Error));
        Assert.Equal(end.RootBytes, Host.FindRoot(image.ManifestDigest));
        return ErofsReader.ReadAll(Host.FindRootPath(image.ManifestDigest)!);
    }

    public static IReadOnlyList<string> FilesOf(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path)).Order()];

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _claim.Dispose();
        _folder.Dispose();
    }

    private ImageHost NewHost() => new(Layout, Microsoft.Extensions.Options.Options.Create(Options), _clock, NullLoggerFactory.Instance, _peers);
}
