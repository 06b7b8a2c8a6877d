using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Cli.Snapshots;
using Hypeman.Client;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

internal static class InstanceCommands
{
    public static IEnumerable<Command> TopLevel(CliHost host) =>
    [
        RunCommand.Make(host), List(host, "ps"), Get(host), UpdateCommand.Make(host), Start(host), Stop(host), Standby(host), Restore(host),
        ForkCommand.Make(host), MoveCommand.Make(host), Remove(host), WaitCommand.Make(host),
        LogsCommand.Make(host), ExecCommand.Make(host), CopyCommand.Make(host), StatCommand.Make(host), StatsCommand.Make(host),
    ];

    /// <summary>The same verbs under their noun, for those who look there.</summary>
    public static Command Group(CliHost host)
    {
        var group = new Command("instance", "Instances (the same verbs as without the noun)") { List(host, "list", "ls") };
        foreach (var command in TopLevel(host).Where(command => command.Name != "ps"))
            group.Add(command);
        return group;
    }

    public static Argument<string> InstanceArgument() => new("instance") { Description = "Name, id, or the beginning of an id" };

    public static Argument<string[]> InstancesArgument() => new("instance")
    {
        Description = "Names or ids",
        Arity = ArgumentArity.OneOrMore,
    };

    private static Command List(CliHost host, string name, params string[] aliases)
    {
        var state = new Option<string?>("--state") { Description = "Only those in this state, for example Running" };
        var tags = Pairs.Option("--tag", "-l", "Only those with this tag; repeat for more");
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Only the ids, one a line" };
        var command = new Command(name, "List instances") { state, tags, quiet };
        foreach (var alias in aliases)
            command.Aliases.Add(alias);
        return command.Does(host, async (run, cancellationToken) =>
        {
            var instances = await run.Fleet.Instances.ListAsync(run.Value(state), run.Value(tags)!, cancellationToken);
            if (run.Value(quiet))
                instances.ForEach(instance => run.Print.Line(instance.Id));
            else
                run.Print.List(instances, ["ID", "NAME", "IMAGE", "STATE", "IP", "AGE"], instance =>
                [
                    instance.Id, instance.Name, instance.Image, instance.State, instance.Network?.Ip ?? "",
                    Words.Age(instance.CreatedAt, host.Time.GetUtcNow()),
                ]);
        });
    }

    private static Command Get(CliHost host)
    {
        var id = InstanceArgument();
        return new Command("get", "Show an instance") { id }.Does(host, async (run, cancellationToken) =>
            Show(run, await run.Fleet.Instances.GetAsync(run.Value(id), cancellationToken)));
    }

    private static Command Start(CliHost host)
    {
        var id = InstanceArgument();
        var cmd = new Argument<string[]>("command") { Description = "Replaces the image's command, from now on", Arity = ArgumentArity.ZeroOrMore };
        return new Command("start", "Start a stopped instance") { id, cmd }.Does(host, async (run, cancellationToken) =>
        {
            var wish = new StartInstance(Cmd: run.Value(cmd) is { Length: > 0 } words ? words : null);
            var instance = await run.Print.WhileAsync(
                $"Starting {run.Value(id)}", _ => run.Fleet.Instances.StartAsync(run.Value(id), wish, cancellationToken));
            run.Print.Resource(instance, started => started.Name);
        });
    }

    private static Command Stop(CliHost host) =>
        OfEach(host, "stop", "Stop instances; their disks stay", "Stopping", fleet => fleet.Instances.StopAsync);

    private static Command Standby(CliHost host)
    {
        var ids = InstancesArgument();
        var compress = CompressionText.Option();
        var after = new Option<string?>("--compress-after")
        {
            Description = "How long after the standby, for example 30s, since one that wakes before has nothing to unpack",
            HelpName = "duration",
        };
        return new Command("standby", "Save the memory of running instances and end their VMs; restore has them go on") { ids, compress, after }
            .Does(host, (run, cancellationToken) =>
            {
                var wish = new StandbyInstance(run.Value(compress), run.Value(after));
                return EachAsync(run, run.Value(ids)!, "Saving", id => run.Fleet.Instances.StandbyAsync(id, wish, cancellationToken));
            });
    }

    private static Command Restore(CliHost host) =>
        OfEach(host, "restore", "Have instances in standby go on where they were", "Restoring", fleet => fleet.Instances.RestoreAsync);

    /// <summary>A command that does the same to one instance after the other.</summary>
    private static Command OfEach(
        CliHost host, string name, string description, string doing, Func<HypemanClient, Func<string, CancellationToken, Task<Instance>>> deed)
    {
        var ids = InstancesArgument();
        return new Command(name, description) { ids }.Does(host, (run, cancellationToken) =>
            EachAsync(run, run.Value(ids)!, doing, id => deed(run.Fleet)(id, cancellationToken)));
    }

    private static async Task EachAsync(Run run, IEnumerable<string> ids, string doing, Func<string, Task<Instance>> deed)
    {
        foreach (var id in ids)
        {
            var instance = await run.Print.WhileAsync($"{doing} {id}", _ => deed(id));
            run.Print.Resource(instance, done => done.Name);
        }
    }

    private static Command Remove(CliHost host)
    {
        var ids = InstancesArgument();
        var force = new Option<bool>("--force", "-f") { Description = "It is no error when one is not there" };
        return new Command("rm", "Remove instances with their disks, running or not") { ids, force }.Does(host, async (run, cancellationToken) =>
        {
            foreach (var id in run.Value(ids))
            {
                try
                {
                    await run.Print.WhileAsync($"Removing {id}", async _ =>
                    {
                        await run.Fleet.Instances.DeleteAsync(id, cancellationToken);
                        return true;
                    });
                }
                catch (Client.Http.ApiException e) when (run.Value(force) && e.Status == System.Net.HttpStatusCode.NotFound)
                {
                    // What was asked for is so.
                }
            }
        });
    }

    private static void Show(Run run, Instance instance) => run.Print.Fields(instance,
    [
        ("Id", instance.Id),
        ("Name", instance.Name),
        ("Image", instance.Image),
        ("State", instance.State),
        ("Error", instance.StateError),
        ("Exit", instance.ExitCode is { } code ? $"{code} ({instance.ExitMessage})" : null),
        ("Node", instance.Node),
        ("IP", instance.Network?.Ip),
        ("Memory", instance.Size),
        ("vCPUs", instance.Vcpus?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ("Created", instance.CreatedAt?.ToString("u")),
        ("Expires", instance.ExpiresAt?.ToString("u")),
        ("Auto-standby", AutoStandbyText.Print(instance.AutoStandby)),
        ("Health", HealthText.Print(instance.HealthStatus)),
        ("Restart", RestartText.Print(instance.RestartPolicy, instance.RestartStatus)),
    ]);
}
