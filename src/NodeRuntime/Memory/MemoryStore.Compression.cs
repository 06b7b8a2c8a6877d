using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory.Compression;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// Packing of bases that rest. What is wished lies beside the pages, so it is found again after a crash; whoever needs the
/// pages has them at once, and the packing is given up until they rest again.
/// </summary>
internal sealed partial class MemoryStore
{
    private readonly Dictionary<string, CancellationTokenSource> _packings = [];
    private readonly Dictionary<string, Task> _fillings = [];
    private TaskCompletionSource _news = NewSignal();

    /// <summary>Completes when there may be something to pack. Take it before looking.</summary>
    internal Task News => Volatile.Read(ref _news).Task;

    /// <summary>Has a base packed when it is due. A later wish takes the place of an earlier one; what is packed already stays so.</summary>
    internal void Compress(string id, CompressionSpec spec)
    {
        lock (_gate)
        {
            if (Find(id) is not { } there)
                return;
            var due = time.GetUtcNow() + spec.Delay;
            there.Write(there.IsPacked && there.ReadWish() is { } done ? done with { Due = due } : new CompressionWish(spec, due));
        }
        Signal();
    }

    internal CompressionStatus StatusOf(string id)
    {
        if (Find(id) is not { } there || there.ReadWish() is not { } wish)
            return new CompressionStatus(CompressionState.None);
        var state = there.IsPacked ? CompressionState.Compressed : wish.Error is null ? CompressionState.Compressing : CompressionState.Error;
        return new CompressionStatus(state)
        {
            Spec = wish.Spec,
            Error = wish.Error,
            CompressedBytes = there.IsPacked ? OverlayDisks.UsedBytes(there.PackedFile) : null,
            UncompressedBytes = there.IsPacked ? wish.UnpackedBytes : null,
        };
    }

    /// <summary>The pages of a base that is held. Those of a packed one begin to be unpacked; who comes meanwhile shares that.</summary>
    /// <param name="found">The base.</param>
    /// <param name="bytes">Of the memory: so long is the file from the first moment on.</param>
    internal MemoryPages Open(MemoryBase found, long bytes)
    {
        lock (_gate)
        {
            if (found.HasPages)
                return new MemoryPages(OpenToRead(found.PagesFile), Task.CompletedTask);
            if (!_fillings.TryGetValue(found.Id, out var filling))
            {
                var file = CreateLike(found.FillingFile, found);
                RandomAccess.SetLength(file, bytes);
                _fillings[found.Id] = filling = Task.Run(() => Fill(found, file));
            }
            return new MemoryPages(OpenToRead(found.FillingFile), filling);
        }
    }

    /// <summary>What is due and rests, in the order of its time; else how long it is until something is.</summary>
    internal (MemoryBase? Base, TimeSpan? In) NextToPack()
    {
        lock (_gate)
        {
            var wishes =
                from id in Ids()
                let found = At(id)
                where found is { IsWhole: true, HasPages: true, IsPacked: false } && !_holds.ContainsKey(id)
                let wish = found.ReadWish()
                where wish is { Error: null }
                orderby wish.Due
                select (Base: found, wish.Due);
            if (wishes.FirstOrDefault() is not { Base: { } next } first)
                return (null, null);
            var wait = first.Due - time.GetUtcNow();
            return wait > TimeSpan.Zero ? (null, wait) : (next, null);
        }
    }

    /// <summary>Packs a base, unless it is needed as it is meanwhile; then it does not rest any more, and its turn comes again.</summary>
    internal void Pack(MemoryBase found, CancellationToken cancellationToken)
    {
        using var packing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_gate)
        {
            if (_holds.ContainsKey(found.Id) || !found.HasPages || found.ReadWish() is not { } wish)
                return;
            _packings[found.Id] = packing;
        }
        try
        {
            PackNow(found, packing.Token);
        }
        catch (OperationCanceledException)
        {
            File.Delete(found.PackingFile);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            log.LogWarning(e, "The memory base {Base} could not be compressed", found.Id);
            NoteFailure(found, e);
        }
        finally
        {
            lock (_gate)
                _packings.Remove(found.Id);
        }
    }

    private void PackNow(MemoryBase found, CancellationToken cancellationToken)
    {
        var wish = found.ReadWish()!;
        File.Delete(found.PackingFile);
        using (var pages = OpenToRead(found.PagesFile))
        using (var packed = CreateLike(found.PackingFile, found))
        {
            CompressedPages.Write(pages, found.ReadDigests(), packed, wish.Spec, cancellationToken);
            RandomAccess.FlushToDisk(packed);
        }
        lock (_gate)
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.Write(wish with { UnpackedBytes = OverlayDisks.UsedBytes(found.PagesFile) });
            File.Move(found.PackingFile, found.PackedFile);
            AtomicFile.SyncDirectory(found.Directory);
            Tidy(found);
        }
    }

    private void NoteFailure(MemoryBase found, Exception e)
    {
        lock (_gate)
        {
            if (!System.IO.Directory.Exists(found.Directory))
                return; // It was removed meanwhile.
            File.Delete(found.PackingFile);
            if (found.ReadWish() is { } wish)
                found.Write(wish with { Error = OverlayDisks.IsDiskFull(e) ? OverlayDisks.Full(e).Message : e.Message });
        }
    }

    private void Fill(MemoryBase found, SafeFileHandle file)
    {
        try
        {
            using (file)
            using (var packed = OpenToRead(found.PackedFile))
                CompressedPages.Expand(packed, found.ReadDigests(), file, CancellationToken.None);
            lock (_gate)
                File.Move(found.FillingFile, found.PagesFile);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            File.Delete(found.FillingFile);
            throw OverlayDisks.IsDiskFull(e) ? OverlayDisks.Full(e) : MemoryFolder.Damaged(e.Message.TrimEnd('.'), e);
        }
        finally
        {
            lock (_gate)
                _fillings.Remove(found.Id);
        }
    }

    /// <summary>Under the gate, of a base that rests: what crashes left goes, and pages that are packed and not to stay as they are.</summary>
    private void Tidy(MemoryBase found)
    {
        if (_fillings.ContainsKey(found.Id))
            return;
        File.Delete(found.FillingFile);
        if (!_packings.ContainsKey(found.Id))
            File.Delete(found.PackingFile);
        if (found is { IsPacked: true, HasPages: true } && found.ReadWish() is { } wish && wish.Due <= time.GetUtcNow())
            File.Delete(found.PagesFile);
    }

    /// <summary>Under the gate.</summary>
    private void GiveUpPacking(string id)
    {
        if (_packings.TryGetValue(id, out var packing))
            packing.Cancel();
    }

    private IEnumerable<string> Ids() => System.IO.Directory.Exists(directory)
        ? System.IO.Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path))
            .Where(id => !id.EndsWith(DraftSuffix, StringComparison.Ordinal))
        : [];

    private void Signal() => Interlocked.Exchange(ref _news, NewSignal()).TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static SafeFileHandle OpenToRead(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>An empty file for whoever may use the base.</summary>
    private static SafeFileHandle CreateLike(string path, MemoryBase found)
    {
        File.Delete(path);
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        FileOwner.Set(path, 0, found.Group);
        File.SetUnixFileMode(path, Mode);
        return file;
    }
}
