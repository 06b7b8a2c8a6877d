using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>A node is drained, running instances too, and in the middle of it a process of the fleet may be killed.</summary>
/// <param name="node">Drained.</param>
/// <param name="nodes">All of the fleet.</param>
/// <param name="killed">Killed while it is; null for nobody.</param>
/// <param name="untilKill">From the drain's beginning to that.</param>
/// <param name="stay">From then to the end of the drain.</param>
internal sealed class DrainFault(string node, IReadOnlyList<string> nodes, string? killed, TimeSpan untilKill, TimeSpan stay) : Fault
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override string Name => $"drain {node}{(killed is null ? "" : $", kill -9 {killed} meanwhile")}";
    public override string Kind => "drain";

    /// <summary>The killed one; where instances are at that moment nobody can tell, so none of a node is held to its answers.</summary>
    public override IReadOnlySet<string> Affected { get; } = killed is null ? [] : nodes.Append(killed).ToHashSet();

    public override TimeSpan Stay => stay;

    public override async Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        await fleet.Api("c1").PostAsync($"/nodes/{node}/drain", new { running = "restart" }, cancellationToken);
        await Task.Delay(untilKill, TimeProvider.System, cancellationToken);
        if (killed is not null)
            await fleet.KillAsync(killed);
    }

    public override async Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        if (killed is not null)
            await fleet.StartAsync(killed, cancellationToken);
        await Testing.Until.True(() => UncordonAsync(fleet, cancellationToken), Patience, $"{node} takes instances again");
    }

    // Ends the drain as well.
    private async Task<bool> UncordonAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        using var answer = await fleet.Api("c2").SendAsync(HttpMethod.Post, $"/nodes/{node}/uncordon", null, cancellationToken);
        return answer.IsSuccessStatusCode;
    }
}
