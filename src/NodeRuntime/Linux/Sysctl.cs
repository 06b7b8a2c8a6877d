namespace Hypeman.NodeRuntime.Linux;

/// <summary>Switches of the kernel's network code, in the namespace of the calling thread.</summary>
internal static class Sysctl
{
    /// <summary>For example <c>net/ipv4/ip_forward</c>: with slashes, because a device's name may hold dots.</summary>
    internal static string? Read(string name) => File.Exists(PathOf(name)) ? File.ReadAllText(PathOf(name)).Trim() : null;

    /// <summary>Writes only what differs, so that a host whose /proc/sys is read-only but right will do.</summary>
    internal static void Set(string name, string value)
    {
        if (Read(name) != value)
            File.WriteAllText(PathOf(name), value);
    }

    /// <summary>As <see cref="Set"/>, but this kernel may lack the switch and with it what it switches.</summary>
    internal static void SetIfThere(string name, string value)
    {
        if (Read(name) is not null)
            Set(name, value);
    }

    private static string PathOf(string name) => "/proc/sys/" + name;
}
