namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>What runs the guest's instructions, by the names that QEMU and the API use.</summary>
public static class Accelerators
{
    /// <summary>The processor.</summary>
    public const string Kvm = "kvm";

    /// <summary>QEMU's translator: works everywhere, takes several times as long.</summary>
    public const string Tcg = "tcg";
}
