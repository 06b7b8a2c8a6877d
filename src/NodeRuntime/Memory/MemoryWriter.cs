using Hypeman.NodeRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>Writes a guest's memory into a folder: as a base of its own, or as what differs from a base that is there.</summary>
/// <param name="baseId">For a new base; held by the caller.</param>
/// <param name="group">Of those who may map it.</param>
internal sealed class MemoryWriter(MemoryStore store, MemoryFolder folder, string baseId, uint group)
{
    /// <param name="touched">The pages that are not those of <paramref name="mapped"/>.</param>
    /// <param name="mapped">What the others are mapped from; null when they are zero.</param>
    internal WrittenMemory WriteBase(
        IGuestMemory memory, PageSet touched, MemoryBase? mapped, CancellationToken cancellationToken)
    {
        if (mapped is not null)
            AddData(touched, mapped.PagesFile);
        var draft = store.Write(baseId, memory, touched, group, cancellationToken);
        return new WrittenMemory(draft, draft.Commit)
        {
            Base = baseId,
            BaseBytes = draft.DataBytes,
            WrittenBytes = draft.DataBytes,
        };
    }

    /// <param name="touched">The pages that are not those of <paramref name="origin"/>.</param>
    internal WrittenMemory WriteChanges(
        IGuestMemory memory, PageSet touched, BaseName origin, CancellationToken cancellationToken)
    {
        var file = File.OpenHandle(folder.ChangesFile, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var changes = ChangesFile.Write(memory, touched, file, cancellationToken);
            return new WrittenMemory(file, () => RandomAccess.FlushToDisk(file))
            {
                Base = origin.Id,
                BaseBytes = origin.Bytes,
                Changes = changes,
                WrittenBytes = changes.Bytes,
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The pages that differ from a base, whether the memory is mapped from it, from another one, or from none.</summary>
    /// <inheritdoc cref="WriteBase"/>
    internal static PageSet Compare(
        IGuestMemory memory, PageSet touched, MemoryBase? mapped, MemoryBase other, CancellationToken cancellationToken)
    {
        var all = new PageSet(touched.Pages);
        all.Add(touched);
        if (mapped is not null)
            AddData(all, mapped.PagesFile);
        AddData(all, other.PagesFile);
        using var file = File.OpenHandle(other.PagesFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return BaseFile.Differing(memory, all, file, cancellationToken);
    }

    private static void AddData(PageSet pages, string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        foreach (var (start, end) in SparseFile.Data(file))
        {
            var first = start / PageSet.PageBytes;
            pages.Add(new PageRun(first, (end + PageSet.PageBytes - 1) / PageSet.PageBytes - first));
        }
    }
}
