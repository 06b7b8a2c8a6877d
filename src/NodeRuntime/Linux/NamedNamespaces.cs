using System.Runtime.InteropServices;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>A named namespace is a file on which the namespace of some thread is mounted.</summary>
internal static class NamedNamespaces
{
    internal static void Create(string folder, string path)
    {
        Directory.CreateDirectory(folder);
        Share(folder);
        File.WriteAllBytes(path, []);
        Exception? failure = null;
        var maker = new Thread(() =>
        {
            try
            {
                LinuxException.Check(() => Libc.Unshare(Libc.NewNetworkNamespace), "unshare");
                LinuxException.Check(
                    () => Libc.Mount("/proc/thread-self/ns/net", path, null, Libc.MountBind, 0), $"mount {path}");
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        maker.Start();
        maker.Join();
        if (failure is null)
            return;
        File.Delete(path);
        throw failure;
    }

    internal static void Remove(string path)
    {
        while (Libc.Unmount(path, Libc.UnmountDetach) == 0)
        {
            // Once more: a second mount on the same file would keep the namespace.
        }
        if (Marshal.GetLastPInvokeError() is not (LinuxException.Invalid or LinuxException.NoEntry))
            throw LinuxException.Last($"umount {path}");
        File.Delete(path);
    }

    /// <summary>As <c>ip netns</c> does: names made here are seen in mount namespaces that are copied from ours, and removed there too.</summary>
    private static void Share(string folder)
    {
        if (Libc.Mount("", folder, null, Libc.MountShared | Libc.MountRecursive, 0) == 0)
            return;
        if (Marshal.GetLastPInvokeError() != LinuxException.Invalid)
            throw LinuxException.Last($"mount --make-shared {folder}");
        LinuxException.Check(
            () => Libc.Mount(folder, folder, null, Libc.MountBind | Libc.MountRecursive, 0), $"mount --bind {folder}");
        LinuxException.Check(
            () => Libc.Mount("", folder, null, Libc.MountShared | Libc.MountRecursive, 0), $"mount --make-shared {folder}");
    }
}
