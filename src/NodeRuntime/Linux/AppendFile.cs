using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>Files that another process writes to the end of, also after we have cut them.</summary>
public static class AppendFile
{
    private const int WriteOnly = 1, Append = 0x400;

    /// <summary>Opens the file, made when it is missing, so that every write goes to its end.</summary>
    public static SafeFileHandle Open(string path) => new(
        LinuxException.Check(
            () => Libc.Open(path, WriteOnly | Append | Libc.Create | Libc.CloseOnExec, (uint)FileModes.Private), $"open {path}"),
        ownsHandle: true);
}
