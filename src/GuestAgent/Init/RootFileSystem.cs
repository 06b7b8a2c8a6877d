using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestAgent.Init;

/// <summary>
/// Stacks the overlay on the image and makes that the root for everyone: init, agent and program see the same mounts,
/// and nothing of the initial file system.
/// </summary>
internal static class RootFileSystem
{
    private const uint Safe = MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.NoExecute;

    /// <summary>Puts it together, beside what is the root now.</summary>
    public static void Mount(Power power)
    {
        MountImage(Devices.Disk(DiskSerials.Root));
        Mounts.Add(Devices.Disk(DiskSerials.Overlay), "/overlay", "ext4");
        power.Remember(Fd.Open("/overlay", OpenFlags.ReadOnly | OpenFlags.Directory));
        Directory.CreateDirectory("/overlay/upper");
        Directory.CreateDirectory("/overlay/work");
        Mounts.Add("overlay", "/newroot", "overlay", 0, "lowerdir=/root,upperdir=/overlay/upper,workdir=/overlay/work");
    }

    /// <summary>Goes over to it. Until it returns, nobody else may use a path: what is found there moves, or goes.</summary>
    public static void Enter()
    {
        // The modules would stay in memory for ever.
        Directory.Delete("/modules", recursive: true);
        foreach (var kernel in new[] { "/dev", "/proc", "/sys" })
            Mounts.Move(kernel, "/newroot" + kernel);
        Mounts.SwitchRoot("/newroot");
        MountRest();
    }

    private static void MountImage(string disk)
    {
        if (!Mounts.TryAdd(disk, "/root", "erofs", MountFlags.ReadOnly))
            Mounts.Add(disk, "/root", "ext4", MountFlags.ReadOnly);
    }

    private static void MountRest()
    {
        Mounts.Add("devpts", "/dev/pts", "devpts", MountFlags.NoSetUid | MountFlags.NoExecute, "ptmxmode=0666,mode=0620,gid=5");
        Mounts.Add("shm", "/dev/shm", "tmpfs", MountFlags.NoSetUid | MountFlags.NoDevices, "mode=1777");
        Mounts.TryAdd("mqueue", "/dev/mqueue", "mqueue", Safe);
        Mounts.TryAdd("cgroup2", "/sys/fs/cgroup", "cgroup2", Safe, "nsdelegate");
        Link("/dev/fd", "/proc/self/fd");
        Link("/dev/stdin", "/proc/self/fd/0");
        Link("/dev/stdout", "/proc/self/fd/1");
        Link("/dev/stderr", "/proc/self/fd/2");
    }

    private static void Link(string path, string target)
    {
        if (!File.Exists(path))
            File.CreateSymbolicLink(path, target);
    }
}
