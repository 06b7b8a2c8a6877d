using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Makes a copy of an instance.</summary>
internal static class ForkCommand
{
    public static Command Make(CliHost host)
    {
        var source = InstanceCommands.InstanceArgument();
        var name = new Argument<string>("name") { Description = "Name of the copy" };
        var live = new Option<bool>("--from-running") { Description = "The instance may be running; it then stands still for a moment" };
        var state = new Option<string?>("--state") { Description = "What the copy is to become: Running, Standby or Stopped (default: as the instance is)" };
        return new Command("fork", "Make a copy of an instance, with its memory and its disk") { source, name, live, state }
            .Does(host, async (run, cancellationToken) =>
            {
                var wish = new ForkInstance(run.Value(name), run.Value(live), run.Value(state));
                var copy = await run.Print.WhileAsync(
                    $"Copying {run.Value(source)}", _ => run.Fleet.Instances.ForkAsync(run.Value(source), wish, cancellationToken));
                run.Print.Resource(copy, made => made.Name);
            });
    }
}
