using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Images.Registry;
using Hypeman.NodeRuntime.Images.Roots;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// The images of this host. Work that a crash interrupted leaves whole blobs and no half root; whoever wanted the root
/// asks again, and what is there is not fetched twice.
/// </summary>
public sealed class ImageHost : IImageHost, IAsyncDisposable
{
    /// <summary>Watchers see the way there in steps of this; the end at once.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(1);

    private readonly ImageOptions _options;
    private readonly Platform _platform;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly RootStore _roots;
    private readonly ImageResolver _resolver;
    private readonly RegistryClient _registries;
    private readonly RootJobs _jobs;
    private readonly ITimer _sweep;

    /// <summary>Takes over the blobs and roots of a data directory that this process has claimed.</summary>
    public ImageHost(DataLayout layout, IOptions<ImageOptions> options, TimeProvider clock, ILoggerFactory logs, IBlobPeers? peers = null)
    {
        _options = options.Value;
        _platform = Platform.Parse(_options.Platform.Length > 0 ? _options.Platform : HostFacts.PlatformOf(RuntimeInformation.OSArchitecture));
        _clock = clock;
        _log = logs.CreateLogger<ImageHost>();
        Blobs = new BlobStore(layout, clock);
        _roots = new RootStore(layout);
        var fetch = new PeerFetch(Blobs, peers, clock, logs.CreateLogger<PeerFetch>());
        _resolver = new ImageResolver(Blobs, fetch);
        _registries = new RegistryClient(options, clock, logs.CreateLogger<RegistryClient>());
        var work = new RootWork(layout, _options, clock, _log, Blobs, _roots, _resolver, _registries, fetch);
        _jobs = new RootJobs(work.RunAsync);
        _sweep = clock.CreateTimer(_ => SweepBlobs(), null, TimeSpan.Zero, SweepInterval);
    }

    public BlobStore Blobs { get; }

    public Task<ResolvedImage> ResolveAsync(
        ImageReference reference, string platform, RegistryLogin? login, CancellationToken cancellationToken) =>
        _resolver.ResolveAsync(_registries.Open(reference, login), reference, ParsePlatform(platform), cancellationToken);

    public Task<ResolvedImage> ResolvePushedAsync(
        ImageReference reference, string manifestDigest, string platform, CancellationToken cancellationToken) =>
        _resolver.ResolvePushedAsync(reference, ParseDigest(manifestDigest), ParsePlatform(platform), cancellationToken);

    public async IAsyncEnumerable<RootProgress> EnsureRootAsync(
        ImageReference reference, ResolvedImage image, RegistryLogin? login, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var manifest = ParseDigest(image.ManifestDigest);
        if (_roots.Find(manifest) is { } ready)
        {
            yield return new RootProgress(RootStage.Ready) { RootBytes = ready.SizeBytes };
            yield break;
        }
        var job = _jobs.Start(manifest, () => new RootJob(reference, manifest, login));
        while (true)
        {
            var (progress, changed) = job.Read();
            yield return progress;
            if (RootJob.IsLast(progress))
                yield break;
            await changed.WaitAsync(cancellationToken);
            await Task.WhenAny(job.Ended, Task.Delay(ReportInterval, _clock, cancellationToken));
        }
    }

    public long? FindRoot(string manifestDigest) => _roots.Find(ParseDigest(manifestDigest))?.SizeBytes;

    public IReadOnlyCollection<string> ListRoots() => [.. _roots.Records.Select(root => root.Manifest)];

    /// <summary>The file of a root, for the VM that is to have it as a disk; null when it is not here.</summary>
    public string? FindRootPath(string manifestDigest)
    {
        var manifest = ParseDigest(manifestDigest);
        return _roots.Find(manifest) is null ? null : _roots.ImagePath(manifest);
    }

    public async Task DeleteAsync(string manifestDigest, CancellationToken cancellationToken)
    {
        var manifest = ParseDigest(manifestDigest);
        await _jobs.CancelAsync(manifest, cancellationToken);
        var record = _roots.Find(manifest);
        _roots.Delete(manifest);
        foreach (var blob in record?.Blobs ?? [manifestDigest])
            Blobs.Remove(Digest.Parse(blob), IsNeeded);
    }

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        await _jobs.CloseAsync();
        _registries.Dispose();
    }

    private static Digest ParseDigest(string text) => Digest.TryParse(text, out var digest)
        ? digest
        : throw new NodeException(NodeErrorKind.Invalid, $"'{text}' is no digest: 'sha256:' and 64 hexadecimal digits are expected.");

    private Platform ParsePlatform(string platform) => platform.Length == 0 ? _platform : Platform.Parse(platform);

    private bool IsNeeded(Digest blob) => _roots.Records.Any(root => root.Blobs.Contains(blob.ToString()));

    /// <summary>Removes blobs that no root needs and no one came back for.</summary>
    private void SweepBlobs()
    {
        try
        {
            foreach (var blob in Blobs.ListOlderThan(_clock.GetUtcNow() - _options.UnneededBlobAge))
                Blobs.Remove(blob, IsNeeded);
        }
        catch (IOException failure)
        {
            _log.LogWarning(failure, "Blobs that are not needed could not be removed; they will be in an hour");
        }
    }
}
