namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>
/// The descriptors that every VMM process starts with, in this order. Disks, logs and sockets are opened by us and
/// inherited, so that the VM's user needs no right to any file or folder of this host, and gets none.
/// </summary>
public enum VmDescriptor
{
    Kernel = 3,
    Initramfs,
    Root,
    Overlay,
    Config,

    /// <summary>Appended to: the serial console.</summary>
    Console,

    /// <summary>Appended to: what the guest's init reports.</summary>
    Events,

    /// <summary>A listening socket: the VMM's control protocol.</summary>
    Control,

    /// <summary>A listening socket: the bytes to and from the guest agent.</summary>
    Agent,

    /// <summary>
    /// The VM's user's own file, opened anew when the state of the devices is saved. A descriptor set would not do: QEMU
    /// closes those it does not use when its control session ends.
    /// </summary>
    State,

    /// <summary>The process end of the VM's TAP, with a virtio header before each frame. Without a network it is /dev/null.</summary>
    Tap,

    /// <summary>What the guest's memory is mapped from. /dev/null where the guest boots.</summary>
    Memory,

    /// <summary>The state of the devices to go on from. /dev/null where the guest boots.</summary>
    Incoming,
}

/// <summary>What a driver needs to know to run a machine, over and above its descriptors.</summary>
public sealed record VmMachine
{
    /// <summary>Names the process for people.</summary>
    public required string Id { get; init; }

    public required int Vcpus { get; init; }
    public required long MemoryBytes { get; init; }

    /// <summary>Null leaves the machine without a network device.</summary>
    public VmNic? Nic { get; init; }

    /// <summary>Of all disks together, in both directions; zero means no limit.</summary>
    public long DiskBytesPerSecond { get; init; }

    /// <summary>
    /// It does not boot, it goes on: its memory is <see cref="VmDescriptor.Memory"/>, mapped privately. It waits for the
    /// state of its devices to be loaded, and then for its processors to be told to run.
    /// </summary>
    public bool IsRestored { get; init; }
}

/// <summary>A network device on the TAP that is inherited as <see cref="VmDescriptor.Tap"/>.</summary>
public sealed record VmNic(string Mac);
