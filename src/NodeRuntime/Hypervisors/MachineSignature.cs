namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>What a saved machine was, as far as it matters to restore it.</summary>
/// <param name="Hypervisor">Name of the driver.</param>
/// <param name="Program">The VMM and its version: none reads the state of another one's devices for sure.</param>
/// <param name="Processor">What the guest has found its processor to be, and relies on.</param>
/// <param name="Devices">Digest of all that the machine is made of.</param>
public sealed record MachineSignature(string Hypervisor, string Program, string Processor, string Devices)
{
    /// <summary>Why a machine that was saved as this one cannot be restored where it would be the other; null when it can.</summary>
    public string? WhyNotOn(MachineSignature here) =>
        Hypervisor != here.Hypervisor ? $"it was saved under {Hypervisor}, and would run under {here.Hypervisor}"
        : Program != here.Program ? $"it was saved by {Program}, and this host has {here.Program}"
        : Processor != here.Processor ? $"its processor was {Processor}, and that of this host is {here.Processor}"
        : Devices != here.Devices ? "it has other devices than this version of the node gives it"
        : null;
}
