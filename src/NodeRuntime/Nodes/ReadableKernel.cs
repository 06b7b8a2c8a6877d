using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>
/// A kernel that the users of VMs can read. Some distributions keep theirs for root; QEMU opens it anew through the
/// descriptor it inherits, and that asks for the file's mode again.
/// </summary>
internal static class ReadableKernel
{
    /// <summary>The kernel itself when all may read it, else a copy in this folder.</summary>
    internal static string Ensure(string kernel, string folder)
    {
        if (File.GetUnixFileMode(kernel).HasFlag(UnixFileMode.OtherRead))
            return kernel;
        var copy = Path.Combine(folder, Path.GetFileName(kernel));
        AtomicFile.Write(copy, File.ReadAllBytes(kernel), FileModes.Readable);
        return copy;
    }
}
