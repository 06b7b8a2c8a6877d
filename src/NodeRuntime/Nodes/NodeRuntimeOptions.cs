using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Options;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>What a host must be told to run VMs. Options of networks, images, disks and logs stand beside their readers.</summary>
public sealed class NodeRuntimeOptions
{
    /// <summary>Everything this node keeps is in here. One process at a time; made when it is missing.</summary>
    public string DataDirectory { get; set; } = "/var/lib/hypeman";

    /// <summary>The unpacked package of the guests' kernel: <c>boot/vmlinuz-*</c> and <c>lib/modules/*</c>.</summary>
    public string KernelDirectory { get; set; } = "";

    /// <summary>The static executable that is init and agent in every guest.</summary>
    public string GuestBinary { get; set; } = "";

    /// <summary>QEMU, by name or path.</summary>
    public string QemuProgram { get; set; } = "qemu-system-x86_64";

    /// <summary><c>kvm</c>, <c>tcg</c>, or <c>auto</c>: KVM where a guest is seen to run with it, else TCG.</summary>
    public string Accelerator { get; set; } = "auto";

    /// <summary>
    /// After this a guest that has not become ready is of unknown phase; it is not ended. Null means 30 s with KVM and
    /// 120 s without.
    /// </summary>
    public TimeSpan? BootDeadline { get; set; }

    /// <summary>How often every hypervisor is asked how it does, and orphans are looked for.</summary>
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What its operator says of this host, for placement.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();

    /// <summary>The file of the network namespace to take for the host's; null means the one we run in.</summary>
    public string? HostNamespace { get; set; }
}

/// <summary>Looks at all options and says all that is wrong.</summary>
internal sealed class NodeRuntimeOptionsRules : IValidateOptions<NodeRuntimeOptions>
{
    /// <summary>Sockets lie at most so many characters below the data directory, and their whole path is short by law.</summary>
    internal const int MaxDataDirectoryLength = UnixListener.MaxPathBytes - 49;

    public ValidateOptionsResult Validate(string? name, NodeRuntimeOptions options)
    {
        var wrong = new List<string>();
        Require(options.DataDirectory.Length > 0, "DataDirectory is missing");
        Require(
            Path.GetFullPath(options.DataDirectory.Length > 0 ? options.DataDirectory : "/").Length <= MaxDataDirectoryLength,
            $"DataDirectory is too long: the path may have {MaxDataDirectoryLength} characters, as there are sockets in it");
        Require(options.KernelDirectory.Length > 0, "KernelDirectory is missing");
        Require(options.GuestBinary.Length > 0, "GuestBinary is missing");
        Require(options.Accelerator is "auto" or "kvm" or "tcg", $"Accelerator is '{options.Accelerator}'; right is auto, kvm or tcg");
        Require(options.BootDeadline is null || options.BootDeadline > TimeSpan.Zero, "BootDeadline must be more than zero");
        Require(options.CheckInterval > TimeSpan.Zero, "CheckInterval must be more than zero");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);

        void Require(bool holds, string problem)
        {
            if (!holds)
                wrong.Add(problem);
        }
    }
}
