using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>
/// The images of a simulated node. It knows a registry, <see cref="Publish"/>; it pulls one image at a time, and
/// converts one at a time.
/// </summary>
public sealed class SimulatedImages(FaultPlan faults) : IImageHost, IDisposable
{
    private const long RootBytes = 8 << 20;

    private readonly ConcurrentDictionary<string, ResolvedImage> _registry = new();
    private readonly ConcurrentDictionary<string, long> _roots = new();
    private readonly ConcurrentDictionary<string, Lazy<Task>> _making = new();
    private readonly SemaphoreSlim _puller = new(1, 1);
    private readonly SemaphoreSlim _converter = new(1, 1);
    private int _toPull;
    private int _toConvert;

    /// <summary>Credentials of the last pull, for tests that check that they come through.</summary>
    public RegistryLogin? LastLogin { get; private set; }

    public BlobStore Blobs => throw new NotSupportedException("A simulated node has no blobs.");

    /// <summary>What the registry answers for a name; publishing again moves the tag.</summary>
    public ResolvedImage Publish(string name, char digit = 'a', params string[] entrypoint)
    {
        var image = new ResolvedImage
        {
            ManifestDigest = "sha256:" + new string(digit, 64),
            Platform = "linux/amd64",
            Config = new ImageConfig
            {
                Entrypoint = entrypoint.Length > 0 ? entrypoint : ["/bin/app"],
                Env = new Dictionary<string, string> { ["PATH"] = "/bin" },
            },
        };
        _registry[name] = image;
        return image;
    }

    /// <summary>A root that is there from the beginning.</summary>
    public void Plant(string digest) => _roots[digest] = RootBytes;

    /// <summary>The root is gone without anybody having ordered it.</summary>
    public void Lose(string digest) => _roots.TryRemove(digest, out _);

    public async Task<ResolvedImage> ResolveAsync(
        ImageReference reference, string platform, RegistryLogin? login, CancellationToken cancellationToken)
    {
        await faults.PassAsync(NodeStep.ResolveBegins, cancellationToken);
        LastLogin = login;
        return _registry.TryGetValue(reference.ToString(), out var image)
            ? image
            : throw new NodeException(NodeErrorKind.NotFound, $"{reference} was not found at its registry");
    }

    public Task<ResolvedImage> ResolvePushedAsync(
        ImageReference reference, string manifestDigest, string platform, CancellationToken cancellationToken) =>
        _registry.Values.FirstOrDefault(image => image.ManifestDigest == manifestDigest) is { } image
            ? Task.FromResult(image)
            : throw new NodeException(NodeErrorKind.NotFound, $"{manifestDigest} is not here");

    public async IAsyncEnumerable<RootProgress> EnsureRootAsync(
        ImageReference reference, ResolvedImage image, RegistryLogin? login,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var digest = image.ManifestDigest;
        var progress = System.Threading.Channels.Channel.CreateUnbounded<RootProgress>();
        var work = _making.GetOrAdd(digest, _ => new Lazy<Task>(() => MakeAsync(digest, progress.Writer)));
        _ = FinishAsync(digest, work.Value, progress.Writer);
        await foreach (var stage in progress.Reader.ReadAllAsync(cancellationToken))
            yield return stage;
    }

    public long? FindRoot(string manifestDigest) => _roots.TryGetValue(manifestDigest, out var bytes) ? bytes : null;

    public IReadOnlyCollection<string> ListRoots() => [.. _roots.Keys];

    public Task DeleteAsync(string manifestDigest, CancellationToken cancellationToken)
    {
        Lose(manifestDigest);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _puller.Dispose();
        _converter.Dispose();
    }

    private async Task MakeAsync(string digest, System.Threading.Channels.ChannelWriter<RootProgress> progress)
    {
        if (_roots.ContainsKey(digest))
            return;
        progress.TryWrite(new RootProgress(RootStage.Queued) { QueuePosition = Interlocked.Increment(ref _toPull) });
        await _puller.WaitAsync();
        Interlocked.Decrement(ref _toPull);
        try
        {
            progress.TryWrite(new RootProgress(RootStage.Pulling));
            await faults.PassAsync(NodeStep.PullBegins, CancellationToken.None);
        }
        finally
        {
            _puller.Release();
        }
        progress.TryWrite(new RootProgress(RootStage.Converting) { QueuePosition = Interlocked.Increment(ref _toConvert) });
        await _converter.WaitAsync();
        Interlocked.Decrement(ref _toConvert);
        try
        {
            progress.TryWrite(new RootProgress(RootStage.Converting));
            await faults.PassAsync(NodeStep.ConvertBegins, CancellationToken.None);
            _roots[digest] = RootBytes;
            await faults.PassAsync(NodeStep.RootDone, CancellationToken.None);
        }
        finally
        {
            _converter.Release();
        }
    }

    // Every caller gets the end of the shared work, also the ones that came late.
    private async Task FinishAsync(
        string digest, Task work, System.Threading.Channels.ChannelWriter<RootProgress> progress)
    {
        try
        {
            await work;
            progress.TryWrite(new RootProgress(RootStage.Ready) { RootBytes = RootBytes });
        }
        catch (NodeException failed)
        {
            progress.TryWrite(new RootProgress(RootStage.Failed) { Error = failed.Message, ErrorKind = failed.Kind });
        }
        catch (OperationCanceledException)
        {
            // The process that made it was killed; nobody is told.
        }
        finally
        {
            _making.TryRemove(digest, out _);
            progress.TryComplete();
        }
    }
}
