using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;
using Hypeman.NodeRuntime.Images.Registry;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>
/// Carries out one job: 1. the manifest, 2. room on the disk, 3. the blobs that are missing, 4. the root, 5. its record.
/// Whatever happens, the job gets its end, and what is half-made is removed here or at the next start.
/// </summary>
internal sealed class RootWork(
    DataLayout layout, ImageOptions options, TimeProvider clock, ILogger log,
    BlobStore blobs, RootStore roots, ImageResolver resolver, RegistryClient registries)
{
    public async Task RunAsync(RootJob job)
    {
        try
        {
            using var deadline = new CancellationTokenSource(options.ConversionTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, job.Cancellation);
            var size = await MakeAsync(job, either.Token);
            job.Report(new RootProgress(RootStage.Ready) { RootBytes = size });
        }
        catch (NodeException failure)
        {
            log.LogWarning("The root of {Reference} was not made: {Reason} {Detail}", job.Reference, failure.Message, failure.Detail);
            Fail(job, failure.Message);
        }
        catch (OperationCanceledException)
        {
            Fail(job, job.Cancellation.IsCancellationRequested
                ? "The work was cancelled."
                : $"The work was given up after {options.ConversionTimeout}.");
        }
        catch (IOException failure) when (DiskFull.Is(failure))
        {
            Fail(job, DiskFull.Translate(failure).Message);
        }
        catch (Exception failure)
        {
            log.LogError(failure, "The root of {Reference} was not made", job.Reference);
            Fail(job, "The host failed to make the image's disk; its log says more.");
        }
    }

    private static void Fail(RootJob job, string error) => job.Report(new RootProgress(RootStage.Failed) { Error = error });

    private async Task<long> MakeAsync(RootJob job, CancellationToken cancellationToken)
    {
        job.Report(new RootProgress(RootStage.Pulling));
        var session = registries.Open(job.Reference, job.Login);
        using var heldManifest = blobs.Hold([job.Manifest]);
        var manifest = await FetchManifestAsync(session, job.Manifest, cancellationToken); // :: Step 1
        manifest.CheckIsImage();
        Digest[] all = [job.Manifest, .. manifest.Parts.Select(part => part.Digest)];
        using var held = blobs.Hold(all);
        var missing = manifest.Parts.Where(part => blobs.Find(part.Digest) is null).DistinctBy(part => part.Digest).ToList();
        CheckRoom(missing.Sum(part => part.Size)); // :: Step 2
        await PullAsync(session, missing, job, cancellationToken); // :: Step 3
        var config = ConfigDocument.Parse(await blobs.ReadAsync(manifest.Config.Digest, ImageLimits.ConfigBytes, cancellationToken));
        var layers = LayersOf(manifest, config);
        var size = await ConvertAsync(layers, job, [.. all.Distinct()], cancellationToken); // :: Steps 4 and 5
        log.LogInformation("Made the root of {Reference} ({Manifest}, {Bytes} bytes)", job.Reference, job.Manifest, size);
        return size;
    }

    private async Task<ImageManifest> FetchManifestAsync(RegistrySession session, Digest digest, CancellationToken cancellationToken)
    {
        if (blobs.Find(digest) is null)
            await blobs.PutAsync((await session.GetManifestAsync(digest.ToString(), cancellationToken)).Content, cancellationToken);
        return await resolver.ReadManifestAsync(digest, cancellationToken);
    }

    private void CheckRoom(long missingBytes)
    {
        var free = new DriveInfo(layout.Root).AvailableFreeSpace;
        if (free - missingBytes < options.MinFreeBytes)
            throw new NodeException(NodeErrorKind.InsufficientResources,
                $"The disk of this host has {free >> 20} MiB free; the image needs {missingBytes >> 20} MiB, and "
                + $"{options.MinFreeBytes >> 20} MiB must stay free.");
    }

    private async Task PullAsync(RegistrySession session, List<Descriptor> missing, RootJob job, CancellationToken cancellationToken)
    {
        var total = missing.Sum(part => part.Size);
        var done = new long[missing.Count];
        job.Report(new RootProgress(RootStage.Pulling) { BytesTotal = total });
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.MaxParallelDownloads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, missing.Count, parallel, async (i, stop) =>
        {
            await using var writer = blobs.BeginWrite();
            await session.DownloadAsync(missing[i], writer, bytes =>
            {
                Interlocked.Exchange(ref done[i], bytes);
                job.Report(new RootProgress(RootStage.Pulling) { BytesDone = done.Sum(), BytesTotal = total });
            }, stop);
            writer.Commit(missing[i].Digest);
        });
    }

    private List<RootLayer> LayersOf(ImageManifest manifest, ConfigDocument config)
    {
        if (config.DiffIds.Count != manifest.Layers.Count)
            throw new NodeException(NodeErrorKind.Invalid, "The image's config and manifest have different numbers of layers.");
        return [.. manifest.Layers.Zip(config.DiffIds, (layer, diffId) => new RootLayer(blobs.PathOf(layer.Digest), layer.Digest, diffId))];
    }

    /// <summary>On a thread of its own: it computes, and does not wait.</summary>
    private async Task<long> ConvertAsync(
        List<RootLayer> layers, RootJob job, IReadOnlyList<Digest> all, CancellationToken cancellationToken)
    {
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
