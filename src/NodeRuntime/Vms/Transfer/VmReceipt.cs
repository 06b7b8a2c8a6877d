using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Vms.Transfer;

/// <summary>
/// Fills the directory of a VM, or of a snapshot of one, with what another host has of it. Each chunk is checked when it
/// comes, and every file as a whole when it is on the disk. Whatever an earlier try left and is right is not fetched again, so
/// repeating it is going on.
/// </summary>
internal sealed class VmReceipt(string directory, VmPlaces places, IFileSource source, TimeProvider time, Action heard)
{
    private const int BlockBytes = 4096;

    /// <summary>Of the source, until it is given up. A connection that is cut is no more than a pause.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly byte[] _present = new byte[VmFile.ChunkBytes];

    /// <summary>Fetches all but the base of a memory that is here already, if there is room for it.</summary>
    /// <exception cref="NodeException">InsufficientResources; and as <see cref="FillAsync(IReadOnlyList{VmFile}, CancellationToken)"/>.</exception>
    internal Task FillAsync(VmContext host, IReadOnlyList<VmFile> files, VmSleep? sleep, CancellationToken cancellationToken)
    {
        var isBaseHere = sleep is not null && host.Memory.Find(sleep.Base) is not null;
        var missing = files.Where(file => !isBaseHere || !VmPlaces.IsOfBase(file.Name)).ToList();
        host.Disks.RequireSpace(
            Path.Combine(directory, "any"), VmManifest.MostBytesOf(missing) - places.There.Sum(place => OverlayDisks.UsedBytes(place.Path)));
        return FillAsync(missing, cancellationToken);
    }

    /// <exception cref="NodeException">Unavailable: the source is silent, or sends something else. Invalid: it names other files.</exception>
    internal async Task FillAsync(IReadOnlyList<VmFile> files, CancellationToken cancellationToken)
    {
        var paths = files.Select(file => places.PathOf(file.Name)).ToList();
        var folders = paths.Select(path => Path.GetDirectoryName(path)!).Append(directory).Distinct().ToList();
        foreach (var folder in folders)
            Directory.CreateDirectory(folder, FileModes.PrivateFolder);
        foreach (var (_, stale) in places.There.Where(place => !paths.Contains(place.Path)))
            File.Delete(stale);
        foreach (var file in files)
            await FillAsync(file, cancellationToken);
        foreach (var folder in folders)
            AtomicFile.SyncDirectory(folder);
    }

    private async Task FillAsync(VmFile file, CancellationToken cancellationToken)
    {
        var path = places.PathOf(file.Name);
        using (var target = SparseFile.OpenOrCreate(path))
        {
            RandomAccess.SetLength(target, file.Length);
            foreach (var chunk in file.Chunks)
                await FillAsync(target, file, chunk, cancellationToken);
            RandomAccess.FlushToDisk(target);
        }
        if ((await Task.Run(() => VmFiles.Describe(path, file.Name, cancellationToken), cancellationToken)).IsSameAs(file))
            return;
        // From the beginning, then: something is where the source has nothing.
        File.Delete(path);
        throw new NodeException(NodeErrorKind.Unavailable, $"What is here of {file.Name} is not what {source.Name} has.");
    }

    private async Task FillAsync(SafeFileHandle target, VmFile file, VmChunk chunk, CancellationToken cancellationToken)
    {
        var present = VmFiles.Read(target, chunk.Number, _present);
        if (VmFiles.DigestOf(present.Span) == chunk.Digest)
            return;
        var wanted = await FetchAsync(file, chunk, cancellationToken);
        WriteWhatDiffers(target, chunk.Offset, present.Span, wanted.Span);
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(VmFile file, VmChunk chunk, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var trouble = "it does not answer";
        while (true)
        {
            try
            {
                var content = await source.ReadChunkAsync(file.Name, chunk.Number, either.Token);
                if (content.Length == file.LengthOf(chunk) && VmFiles.DigestOf(content.Span) == chunk.Digest)
                {
                    heard();
                    return content;
                }
                trouble = "what it sends is something else";
            }
            catch (IOException lost)
            {
                trouble = lost.Message;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Told below.
            }
            await Task.Delay(Pause, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw new NodeException(
                    NodeErrorKind.Unavailable, $"Chunk {chunk.Number} of {file.Name} cannot be had from {source.Name}: {trouble}.");
        }
    }

    /// <summary>What is zeros here and there is not written, so that holes stay holes.</summary>
    private static void WriteWhatDiffers(SafeFileHandle target, long offset, ReadOnlySpan<byte> present, ReadOnlySpan<byte> wanted)
    {
        var from = 0;
        while (from < wanted.Length)
        {
            var length = Math.Min(BlockBytes, wanted.Length - from);
            var block = wanted.Slice(from, length);
            if (!block.SequenceEqual(present.Slice(from, length)))
                RandomAccess.Write(target, block, offset + from);
            from += length;
        }
    }
}
