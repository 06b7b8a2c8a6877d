using Hypeman.Cli.Invocation;
using Hypeman.Client.Nodes;

namespace Hypeman.Cli.Nodes;

/// <summary>Waits for a drain to end, with a line for each change.</summary>
internal static class DrainWait
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <exception cref="CliException">Somebody let the node take instances again meanwhile.</exception>
    public static Task<NodeDrain> UntilEndAsync(Run run, string node, NodeDrain begun, CancellationToken cancellationToken) =>
        run.Print.WhileAsync($"Draining {node}", async say =>
        {
            var drain = begun;
            var said = "";
            while (true)
            {
                if (Progress(drain) is var now && now != said)
                {
                    say($"Draining {node}: {now}");
                    if (!run.Host.ErrorIsTerminal && !run.Json)
                        run.Print.Note(now);
                    said = now;
                }
                if (drain.FinishedAt is not null)
                    return drain;
                await Task.Delay(Pause, run.Host.Time, cancellationToken);
                drain = (await run.Fleet.Nodes.GetAsync(node, cancellationToken)).Drain
                    ?? throw new CliException($"{node} is not being drained any more.");
            }
        });

    public static string Progress(NodeDrain drain)
    {
        var moving = drain.Moving.Count == 0 ? "" : $", moving {string.Join(", ", drain.Moving.Select(move => $"{move.Name} to {move.Node}"))}";
        return $"{drain.Moved.Instances} instances, {drain.Moved.Snapshots} snapshots and {drain.Moved.Images} images moved, {drain.Left.Count} left{moving}";
    }
}
