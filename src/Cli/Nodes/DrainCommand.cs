using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Nodes;

namespace Hypeman.Cli.Nodes;

internal static class DrainCommand
{
    public static Command Make(CliHost host)
    {
        var id = new Argument<string>("node") { Description = "Id or host name" };
        var plan = new Option<bool>("--plan") { Description = "Only say what would go where, and what would not" };
        var running = new Option<string>("--running") { Description = "What to do with instances that run", DefaultValueFactory = _ => "leave" };
        running.AcceptOnlyFromAmong("leave", "restart", "suspend");
        var wait = new Option<bool>("--wait") { Description = "Show how it goes until it has ended; fails when something is left" };
        var cancel = new Option<bool>("--cancel") { Description = "End a drain; the node stays cordoned" };
        var drain = new Command("drain", "Move what a node has to other nodes, and give it nothing new") { id, plan, running, wait, cancel };
        drain.Validators.Add(asked =>
        {
            if (asked.GetValue(plan) && (asked.GetValue(wait) || asked.GetValue(cancel)))
                asked.AddError("--plan changes nothing, so it goes with neither --wait nor --cancel.");
        });
        return drain.Does(host, async (run, cancellationToken) =>
        {
            var node = run.Value(id);
            if (run.Value(plan))
            {
                Show(run, await run.Fleet.Nodes.PlanDrainAsync(node, run.Value(running)!, cancellationToken));
                return ExitCode.Done;
            }
            var begun = run.Value(cancel)
                ? await run.Fleet.Nodes.CancelDrainAsync(node, cancellationToken)
                : await run.Fleet.Nodes.DrainAsync(node, run.Value(running)!, cancellationToken);
            if (!run.Value(wait))
            {
                run.Print.Resource(begun, now => $"{node} {now.State}");
                return ExitCode.Done;
            }
            var ended = await DrainWait.UntilEndAsync(run, node, begun, cancellationToken);
            run.Print.Resource(ended, now => string.Join('\n', (string[])[$"{node} {now.State}: {DrainWait.Progress(now)}", .. now.Left.Select(Line)]));
            return ended.State == "finished" && ended.Left.Count > 0 ? ExitCode.Failed : ExitCode.Done;
        });
    }

    private static void Show(Run run, DrainPlan plan) => run.Print.Resource(plan, all => string.Join('\n', (string[])
    [
        .. all.Moves.Select(move => $"{move.Kind} {move.Name} goes to {move.Node}{(move.Restart ? ", stopped and started again" : "")}"),
        .. all.Left.Select(Line),
        $"{all.Moves.Count} would go, {all.Left.Count} would stay",
    ]));

    private static string Line(DrainLeft left) => $"{left.Kind} {left.Name} stays: {left.Reason}";
}
