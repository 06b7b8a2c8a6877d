using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>kill -9 of some members at once.</summary>
internal sealed class KillFault(string kind, IReadOnlyList<string> members, TimeSpan stay) : Fault
{
    public override string Name => $"kill -9 {string.Join(' ', members)}";
    public override string Kind => kind;
    public override IReadOnlySet<string> Affected { get; } = members.ToHashSet();
    public override TimeSpan Stay => stay;

    public override Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken) => Task.WhenAll(members.Select(fleet.KillAsync));

    public override Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken) =>
        Task.WhenAll(members.Select(member => fleet.StartAsync(member, cancellationToken)));
}
