namespace Hypeman.GuestAgent.Linux;

internal static class Mounts
{
    /// <summary>Mounts a file system; makes the directory.</summary>
    public static void Add(string source, string target, string type, uint flags = 0, string? data = null)
    {
        Directory.CreateDirectory(target);
        LinuxException.Check(Libc.Mount(source, target, type, flags, data), $"mount {source} on {target} as {type}");
    }

    /// <summary>Mounts what the guest can do without; false when this kernel cannot.</summary>
    public static bool TryAdd(string source, string target, string type, uint flags = 0, string? data = null)
    {
        Directory.CreateDirectory(target);
        return Libc.Mount(source, target, type, flags, data) == 0;
    }

    /// <summary>Moves a mount; makes the directory.</summary>
    public static void Move(string source, string target)
    {
        Directory.CreateDirectory(target);
        LinuxException.Check(Libc.Mount(source, target, null, MountFlags.Move, null), $"move {source} to {target}");
    }

    /// <summary>
    /// Makes a mounted tree the root of this process and of all its children, above the initial file system. Not
    /// pivot_root, which refuses that.
    /// </summary>
    public static void SwitchRoot(string tree)
    {
        LinuxException.Check(Libc.ChangeDirectory(tree), $"enter {tree}");
        LinuxException.Check(Libc.Mount(".", "/", null, MountFlags.Move, null), "move the new root");
        LinuxException.Check(Libc.ChangeRoot("."), "enter the new root");
        LinuxException.Check(Libc.ChangeDirectory("/"), "enter /");
    }
}
