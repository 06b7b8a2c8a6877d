using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>A VM's process is killed under its node: the instance is stopped, and says why.</summary>
/// <param name="node">Where.</param>
/// <param name="spared">Instances that nobody touches.</param>
/// <param name="pick">Decides which.</param>
internal sealed class MachineFault(string node, IReadOnlySet<string> spared, int pick) : Fault
{
    public override string Name => $"kill -9 a VM of {node}";
    public override string Kind => "kill-vm";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string> { node };
    public override TimeSpan Stay => TimeSpan.Zero;

    public override async Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        var vms = VirtualMachines.List(fleet.DataOf(node)).Where(vm => !spared.Contains(vm.Id)).Select(vm => vm.Pid).ToList();
        if (vms.Count == 0 || ProcessIdentity.Of(vms[pick % vms.Count]) is not { } identity)
            return;
        using var vm = ProcessHandle.Open(identity);
        vm?.Kill(ProcessSignal.Kill);
        await (vm?.Exited.WaitAsync(cancellationToken) ?? Task.CompletedTask);
    }

    public override Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken) => Task.CompletedTask;
}
