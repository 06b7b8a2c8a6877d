using System.CommandLine;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Instances;

internal static class WaitCommand
{
    private static readonly string[] States = ["Created", "Initializing", "Running", "Paused", "Shutdown", "Stopped", "Standby"];

    private static readonly TimeSpan Standard = TimeSpan.FromMinutes(1);

    public static Command Make(CliHost host)
    {
        var id = InstanceCommands.InstanceArgument();
        var state = new Option<string>("--state") { Description = "The state to wait for", DefaultValueFactory = _ => "Running" };
        state.AcceptOnlyFromAmong(States);
        var timeout = TimeoutOption("--timeout", "1m");
        return new Command("wait", "Wait until an instance is in a state") { id, state, timeout }.Does(host, async (run, cancellationToken) =>
        {
            var (instance, wanted) = (run.Value(id), run.Value(state)!);
            var result = await InstanceWait.UntilAsync(run, instance, wanted, run.Value(timeout) ?? Standard, cancellationToken);
            run.Print.Resource(result, reached => reached.State);
            if (result.State == wanted)
                return ExitCode.Done;
            run.Print.Note($"hypeman: {instance} is {result.State}, not {wanted}{(result.StateError is { } error ? ": " + error : "")}");
            return result.TimedOut ? ExitCode.TimedOut : ExitCode.Failed;
        });
    }

    public static Option<TimeSpan?> TimeoutOption(string name, string standard) => new(name)
    {
        Description = $"How long to wait (default: {standard})",
        HelpName = "duration",
        CustomParser = result => Duration.Parse(result),
    };
}
