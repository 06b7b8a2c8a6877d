using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>The host as all its VMs share it.</summary>
internal sealed record VmContext
{
    public required DataLayout Layout { get; init; }
    public required MemoryStore Memory { get; init; }
    public required SnapshotStore Snapshots { get; init; }
    public required NodeNetwork Network { get; init; }
    public required OverlayDisks Disks { get; init; }
    public required Cgroups Cgroups { get; init; }
    public required GuestSystemFiles Guest { get; init; }

    /// <summary>The disk made from an image, by manifest digest; null when it is not here.</summary>
    public required Func<string, string?> FindRoot { get; init; }

    /// <summary>The default first.</summary>
    public required IReadOnlyList<IHypervisor> Hypervisors { get; init; }

    /// <summary>The one of this name; for null, the default.</summary>
    /// <exception cref="NodeException">NotSupported.</exception>
    public IHypervisor Hypervisor(string? name) =>
        name is null ? Hypervisors[0]
        : Hypervisors.FirstOrDefault(hypervisor => hypervisor.Name == name) ?? throw new NodeException(
            NodeErrorKind.NotSupported,
            $"This host has no hypervisor '{name}'; it has {string.Join(", ", Hypervisors.Select(h => h.Name))}.");

    /// <summary>Supplementary groups of a VM's user: that of /dev/kvm, where it takes one.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    public required TimeSpan BootDeadline { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILogger Log { get; init; }
    public required VmBoard Board { get; init; }
    public required VmAddressBook Addresses { get; init; }

    /// <summary>Called before each step of an order, by VM and step; tests hold or fail an order there.</summary>
    public Func<string, string, CancellationToken, Task> BeforeStep { get; init; } = (_, _, _) => Task.CompletedTask;
}
