namespace Hypeman.GuestAgent.Linux;

/// <summary>Finds devices by the names that the host gave them, never by their order.</summary>
internal static class Devices
{
    /// <summary>On a busy host a device may take long. Who gives up a boot too early loses it; the host has a deadline of its own.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The device file of the disk with this serial.</summary>
    public static string Disk(string serial) =>
        Uevents.WaitFor(() => Find("/sys/block", "serial", serial), Patience, $"The disk \"{serial}\"");

    /// <summary>The device file of the virtio-serial port with this name.</summary>
    public static string Port(string name) =>
        Uevents.WaitFor(() => Find("/sys/class/virtio-ports", "name", name), Patience, $"The port \"{name}\"");

    /// <summary>The network interface with this address.</summary>
    public static string NetworkInterface(string mac) => Path.GetFileName(
        Uevents.WaitFor(() => Find("/sys/class/net", "address", mac.ToLowerInvariant()), Patience, $"The interface {mac}"));

    /// <summary>The one interface that the host gave this machine, whatever its address is now.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static string NetworkInterface() => Path.GetFileName(
        Directory.EnumerateFileSystemEntries("/sys/class/net").FirstOrDefault(
            device => new FileInfo(Path.Combine(device, "device/driver")).LinkTarget?.EndsWith("/virtio_net", StringComparison.Ordinal) == true)
        ?? throw new InvalidOperationException("This machine has no network interface."));

    /// <summary>For example <c>02:00:00:00:00:01</c>.</summary>
    public static string? HardwareAddress(string networkInterface) => Read($"/sys/class/net/{networkInterface}/address");

    private static string? Find(string directory, string attribute, string value)
    {
        if (!Directory.Exists(directory))
            return null;
        foreach (var device in Directory.EnumerateFileSystemEntries(directory))
        {
            if (Read(Path.Combine(device, attribute)) == value)
                return "/dev/" + Path.GetFileName(device);
        }
        return null;
    }

    /// <summary>Null for what is not there, or goes away while we look.</summary>
    private static string? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
