using System.CommandLine;
using System.Text.Json;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Instances;

internal static class LogsCommand
{
    public static Command Make(CliHost host)
    {
        var id = InstanceCommands.InstanceArgument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new lines until interrupted" };
        var tail = new Option<int>("--tail") { Description = "How many of the last lines", DefaultValueFactory = _ => 100 };
        var source = new Option<string>("--source")
        {
            Description = "app: the console of the guest; vmm: the hypervisor's output; hypeman: what was done with it",
            DefaultValueFactory = _ => "app",
        };
        source.AcceptOnlyFromAmong("app", "vmm", "hypeman");
        return new Command("logs", "Show a log of an instance") { id, follow, tail, source }.Does(host, async (run, cancellationToken) =>
        {
            var lines = run.Fleet.Instances.ReadLogAsync(
                run.Value(id), run.Value(source)!, run.Value(tail), run.Value(follow), cancellationToken);
            await foreach (var line in lines)
                run.Print.Line(run.Json ? $"\"{JsonEncodedText.Encode(line)}\"" : line);
        });
    }
}
