using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>A member's cable is taken out: it lives on and reaches nobody, not even the database.</summary>
internal sealed class CutFault(string member, TimeSpan stay) : Fault
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public override string Name => $"cut off {member} for {stay.TotalSeconds:0} s";
    public override string Kind => "cut";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string> { member };
    public override TimeSpan Stay => stay;

    public override Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken) => ManyHosts.CutOffAsync(member, cancellationToken);

    public override async Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        await ManyHosts.HealAsync(member, cancellationToken);
        await EnsureRunsAsync(fleet, member, Patience, cancellationToken);
    }
}
