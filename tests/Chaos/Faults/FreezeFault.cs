using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>A member's process stands still, as on a host that hangs; others see no end of its connections.</summary>
internal sealed class FreezeFault(string member, TimeSpan stay) : Fault
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public override string Name => $"freeze {member}";
    public override string Kind => "freeze";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string> { member };
    public override TimeSpan Stay => stay;

    public override Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        fleet.Freeze(member);
        return Task.CompletedTask;
    }

    public override Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        fleet.Thaw(member);
        return EnsureRunsAsync(fleet, member, Patience, cancellationToken);
    }
}
