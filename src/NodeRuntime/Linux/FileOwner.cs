namespace Hypeman.NodeRuntime.Linux;

/// <summary>Whose a file is.</summary>
public static class FileOwner
{
    public static void Set(string path, uint uid, uint gid) =>
        LinuxException.Check(() => Libc.ChangeOwner(path, uid, gid), $"chown {path}");
}
