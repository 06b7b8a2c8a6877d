using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Agent;

internal static class ContainerDirectory
{

    /// <summary>Opens a directory of the container; makes it, and what is missing above it.</summary>
    /// <param name="path">Absolute, without <c>..</c>.</param>
    public static Fd Open(Fd root, string path, uint mode = FileModes.Executable)
    {
        const int flags = OpenFlags.ReadOnly | OpenFlags.Directory;
        try
        {
            return RootedFiles.Open(root.Number, path, flags);
        }
        catch (LinuxException e) when (e.Errno == Errno.NotFound && path != "/")
        {
            using var parent = Open(root, Path.GetDirectoryName(path)!);
            if (Libc.MakeDirectoryAt(parent.Number, Path.GetFileName(path), mode) < 0 && LinuxException.LastErrno != Errno.Exists)
                throw new LinuxException(path, LinuxException.LastErrno);
            return RootedFiles.Open(root.Number, path, flags);
        }
    }
}
