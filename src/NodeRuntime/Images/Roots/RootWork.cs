using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Images.Registry;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// Carries out one job: 1. the manifest, 2. room on the disk, 3. the blobs that are missing, 4. the root, 5. its record.
/// Pulls wait in one line and conversions in another, so that a slow registry keeps nobody from converting. The line
/// moves, since each turn has a deadline.
/// Whatever happens, the job gets its end, and what is half-made is removed here or at the next start.
/// </summary>
internal sealed class RootWork(
    DataLayout layout, ImageOptions options, TimeProvider clock, ILogger log,
    BlobStore blobs, RootStore roots, ImageResolver resolver, RegistryClient registries, PeerFetch peers)
{
    private readonly WaitingLine _pulls = new(options.MaxConcurrentPulls);
    private readonly WaitingLine _conversions = new(options.MaxConcurrentConversions);
    private readonly PullRoom _room = new(layout, options);

    /// <summary>The job is in line when this returns, and has its end when the task ends.</summary>
    public Task RunAsync(RootJob job)
    {
        var place = _pulls.Join(number => job.Report(new RootProgress(RootStage.Queued) { QueuePosition = number }));
        return Task.Run(() => RunAsync(job, place));
    }

    private async Task RunAsync(RootJob job, WaitingLine.Place pulling)
    {
        try
        {
            using (pulling)
                job.Report(new RootProgress(RootStage.Ready) { RootBytes = await MakeAsync(job, pulling) });
        }
        catch (NodeException failure)
        {
            log.LogWarning("The root of {Reference} was not made: {Reason} {Detail}", job.Reference, failure.Message, failure.Detail);
            Fail(job, failure);
        }
        catch (OperationCanceledException) when (job.Cancellation.IsCancellationRequested)
        {
            Fail(job, new NodeException(NodeErrorKind.Unavailable, "The work was cancelled."));
        }
        catch (IOException failure) when (DiskFull.Is(failure))
        {
            Fail(job, DiskFull.Translate(failure));
        }
        catch (Exception failure)
        {
            log.LogError(failure, "The root of {Reference} was not made", job.Reference);
            Fail(job, new NodeException(NodeErrorKind.Internal, "The host failed to make the image's disk; its log says more."));
        }
    }

    private static void Fail(RootJob job, NodeException error) =>
        job.Report(new RootProgress(RootStage.Failed) { Error = error.Message, ErrorKind = error.Kind });

    private async Task<long> MakeAsync(RootJob job, WaitingLine.Place pulling)
    {
        var session = registries.Open(job.Reference, job.Login);
        using var heldManifest = blobs.Hold([job.Manifest]);
        if (blobs.Find(job.Manifest) is null)
            await PullAsync(job, pulling, stop => FetchManifestAsync(session, job, stop)); // :: Step 1
        var manifest = await resolver.ReadManifestAsync(job.Manifest, job.Cancellation);
        manifest.CheckIsImage();
        Digest[] all = [.. manifest.Parts.Select(part => part.Digest).Prepend(job.Manifest).Distinct()];
        using var held = blobs.Hold(all);
        var missing = manifest.Parts.Where(part => blobs.Find(part.Digest) is null).DistinctBy(part => part.Digest).ToList();
        using var room = _room.Take(missing.Sum(part => part.Size)); // :: Step 2
        if (missing.Count > 0)
            await PullAsync(job, pulling, stop => FetchAsync(session, missing, room, job, stop)); // :: Step 3
        pulling.Dispose(); // Whoever waits to be converted is in nobody's way.

        using var converting = _conversions.Join(
            number => job.Report(new RootProgress(RootStage.Converting) { QueuePosition = number }));
        await converting.ComesAsync(job.Cancellation);
        var size = 0L;
        await WithinAsync(options.ConversionTimeout, "conversion", job,
            async stop => size = await ConvertAsync(manifest, job, all, stop)); // :: Steps 4 and 5
        log.LogInformation("Made the root of {Reference} ({Manifest}, {Bytes} bytes)", job.Reference, job.Manifest, size);
        return size;
    }

    /// <summary>Waits for its turn. What is here already needs none, and passes those whose registry is slow.</summary>
    private async Task PullAsync(RootJob job, WaitingLine.Place pulling, Func<CancellationToken, Task> fetch)
    {
        await pulling.ComesAsync(job.Cancellation);
        job.Report(new RootProgress(RootStage.Pulling));
        await WithinAsync(options.PullTimeout, "pull", job, fetch);
    }

    private async Task WithinAsync(TimeSpan time, string what, RootJob job, Func<CancellationToken, Task> work)
    {
        using var deadline = new CancellationTokenSource(time, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, job.Cancellation);
        try
        {
            await work(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !job.Cancellation.IsCancellationRequested)
        {
            throw new NodeException(NodeErrorKind.TimedOut, $"The {what} was given up after {time}.");
        }
    }

    private static BlobWish WishFor(RootJob job, Digest blob) => new(blob, job.Manifest, job.Reference.Repository);

    private async Task FetchManifestAsync(RegistrySession session, RootJob job, CancellationToken cancellationToken)
    {
        if (!await peers.TryAsync(WishFor(job, job.Manifest), null, ImageLimits.ManifestBytes, _ => { }, cancellationToken))
            await blobs.PutAsync((await session.GetManifestAsync(job.Manifest.ToString(), cancellationToken)).Content, cancellationToken);
    }

    private async Task FetchAsync(
        RegistrySession session, List<Descriptor> missing, PullRoom.Claim room, RootJob job, CancellationToken cancellationToken)
    {
        var total = missing.Sum(part => part.Size);
        var done = new long[missing.Count];
        job.Report(new RootProgress(RootStage.Pulling) { BytesTotal = total });
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.MaxParallelDownloads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, missing.Count, parallel, async (i, stop) =>
        {
            var part = missing[i];
            // Another pull may have brought it.
            if (blobs.Find(part.Digest) is null
                && !await peers.TryAsync(WishFor(job, part.Digest), part.Size, part.Size, bytes => Report(i, bytes), stop))
            {
                await using var writer = blobs.BeginWrite();
                await session.DownloadAsync(part, writer, bytes => Report(i, bytes), stop);
                writer.Commit(part.Digest);
            }
            Report(i, part.Size);
        });

        void Report(int i, long bytes)
        {
            Interlocked.Exchange(ref done[i], bytes);
            var sum = done.Sum();
            room.SetToCome(total - sum);
            job.Report(new RootProgress(RootStage.Pulling) { BytesDone = sum, BytesTotal = total });
        }
    }

    private List<RootLayer> LayersOf(ImageManifest manifest, ConfigDocument config)
    {
        if (config.DiffIds.Count != manifest.Layers.Count)
            throw new NodeException(NodeErrorKind.Invalid, "The image's config and manifest have different numbers of layers.");
        return [.. manifest.Layers.Zip(config.DiffIds, (layer, diffId) => new RootLayer(blobs.PathOf(layer.Digest), layer.Digest, diffId))];
    }

    /// <summary>On a thread of its own: it computes, and does not wait.</summary>
    private async Task<long> ConvertAsync(
        ImageManifest manifest, RootJob job, IReadOnlyList<Digest> all, CancellationToken cancellationToken)
    {
        var config = ConfigDocument.Parse(await blobs.ReadAsync(manifest.Config.Digest, ImageLimits.ConfigBytes, cancellationToken));
        var layers = LayersOf(manifest, config);
        var total = layers.Sum(layer => new FileInfo(layer.BlobPath).Length);
        job.Report(new RootProgress(RootStage.Converting) { BytesTotal = total });
        var builder = new RootBuilder(options, bytes =>
            job.Report(new RootProgress(RootStage.Converting) { BytesDone = bytes, BytesTotal = total }), cancellationToken);
        var part = roots.NewPart(job.Manifest);
        try
        {
            var size = await Task.Factory.StartNew(
                () => builder.Build(layers, part, job.Manifest),
                cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            roots.Commit(part, new RootRecord(job.Manifest.ToString(), size, [.. all.Select(digest => digest.ToString())]));
            return size;
        }
        finally
        {
            File.Delete(part);
        }
    }
}
