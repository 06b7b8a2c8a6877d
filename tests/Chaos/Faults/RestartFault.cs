using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>A member is ended in its own order and started again, as in an upgrade.</summary>
internal sealed class RestartFault(string member) : Fault
{
    public override string Name => $"restart {member}";
    public override string Kind => "restart";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string> { member };
    public override TimeSpan Stay => TimeSpan.Zero;

    public override Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken) => fleet.StopAsync(member, cancellationToken);

    public override Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken) => fleet.StartAsync(member, cancellationToken);
}
