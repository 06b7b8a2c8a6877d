using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>PostgreSQL is killed, or stands still with its connections open.</summary>
internal sealed class DatabaseFault(bool freeze, TimeSpan stay) : Fault
{
    public override string Name => freeze ? $"freeze PostgreSQL for {stay.TotalSeconds:0} s" : "kill -9 PostgreSQL";
    public override string Kind => freeze ? "freeze-database" : "kill-database";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string>();
    public override bool AffectsWrites => true;
    public override TimeSpan Stay => stay;

    public override async Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        if (freeze)
            fleet.Freeze(ManyHosts.Database);
        else
            await fleet.KillAsync(ManyHosts.Database);
    }

    public override async Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        if (freeze)
            fleet.Thaw(ManyHosts.Database);
        else
            await fleet.StartAsync(ManyHosts.Database, cancellationToken);
    }
}
