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

    internal WrittenMemory WriteChanges(
        IGuestMemory memory, PageSet touched, MemoryManifest origin, CancellationToken cancellationToken)
    {
        var file = File.OpenHandle(folder.ChangesFile, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var changes = ChangesFile.Write(memory, touched, file, cancellationToken);
            return new WrittenMemory(file, () => RandomAccess.FlushToDisk(file))
            {
                Base = origin.Base,
                BaseBytes = origin.BaseBytes,
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
