using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Moves an instance to another node.</summary>
internal static class MoveCommand
{
    public static Command Make(CliHost host)
    {
        var id = InstanceCommands.InstanceArgument();
        var node = new Option<string?>("--to") { Description = "Id or host name of the node (default: the best other one)" };
        var restart = new Option<bool>("--restart") { Description = "Stop it and start it there; else it goes on with what it has in memory" };
        return new Command("move", "Move an instance to another node, with its memory and its disk") { id, node, restart }
            .Does(host, async (run, cancellationToken) =>
            {
                var wish = new MoveInstance(run.Value(node), run.Value(restart) ? "restart" : "suspend");
                var moved = await run.Print.WhileAsync(
                    $"Moving {run.Value(id)}", _ => run.Fleet.Instances.MoveAsync(run.Value(id), wish, cancellationToken));
                run.Print.Resource(moved, now => $"{now.Name} is {now.State} on {now.Node}");
            });
    }
}
