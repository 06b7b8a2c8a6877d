using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// The pages of a base to be mapped, perhaps still on their way out of the packed file: a hypervisor may map them already, but
/// its guest must not be let near them before <see cref="Ready"/>.
/// </summary>
/// <param name="file">Open for as long as this is.</param>
/// <param name="ready">Fails with a <see cref="Errors.NodeException"/>.</param>
internal sealed class MemoryPages(SafeFileHandle file, Task ready) : IDisposable
{
    /// <summary>A name for what is open, whatever happens to its own.</summary>
    internal string Path => $"/proc/self/fd/{file.DangerousGetHandle()}";

    internal long Bytes => RandomAccess.GetLength(file);

    /// <summary>When it is done, all of them are there, in <see cref="MemoryBase.PagesFile"/>.</summary>
    internal Task Ready => ready;

    public void Dispose() => file.Dispose();
}
