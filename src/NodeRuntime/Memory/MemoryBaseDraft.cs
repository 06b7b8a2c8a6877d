using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>A base whose pages are written, but which is not there yet. One that is not committed is swept.</summary>
internal sealed class MemoryBaseDraft(SafeFileHandle pages, long dataBytes, Action publish) : IDisposable
{
    /// <summary>Without the holes.</summary>
    internal long DataBytes => dataBytes;

    /// <summary>When it returns, the base is there, and survives a power loss.</summary>
    internal void Commit()
    {
        RandomAccess.FlushToDisk(pages);
        publish();
    }

    public void Dispose() => pages.Dispose();
}
