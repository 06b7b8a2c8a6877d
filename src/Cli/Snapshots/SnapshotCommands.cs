using System.CommandLine;
using Hypeman.Cli.Instances;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Snapshots;

namespace Hypeman.Cli.Snapshots;

internal static class SnapshotCommands
{
    private const string Stopped = "Stopped";

    public static Command Group(CliHost host) => new("snapshot", "Keep instances as they are at a moment, and make others from that")
    {
        Create(host), List(host), Get(host), Restore(host), Fork(host), Remove(host), ScheduleCommands.Group(host),
    };

    private static Argument<string> SnapshotArgument() => new("snapshot") { Description = "Id of the snapshot" };

    private static Option<string?> StateOption() => new("--state")
    {
        Description = "What the instance is then to become: Running, Standby or Stopped (default: Running, of a disk alone Stopped)",
    };

    private static Command Create(CliHost host)
    {
        var instance = InstanceCommands.InstanceArgument();
        var name = new Option<string?>("--name") { Description = "A name that no other snapshot of the instance has" };
        var tags = Pairs.Option("--tag", "-l", "A tag of the snapshot; repeat for more");
        var compress = CompressionText.Option();
        return new Command("create", "Take a snapshot: memory and disk of one that runs or is in standby, the disk of a stopped one")
        {
            instance, name, tags, compress,
        }.Does(host, async (run, cancellationToken) =>
        {
            var source = await run.Fleet.Instances.GetAsync(run.Value(instance), cancellationToken);
            var wish = new CreateSnapshot(source.State == Stopped ? Stopped : "Standby", run.Value(name), run.Value(tags), run.Value(compress));
            var taken = await run.Print.WhileAsync(
                $"Taking a snapshot of {source.Name}", _ => run.Fleet.Snapshots.CreateAsync(source.Id, wish, cancellationToken));
            run.Print.Resource(taken, snapshot => snapshot.Id);
        });
    }

    private static Command List(CliHost host)
    {
        var instance = new Option<string?>("--instance") { Description = "Only those of this instance, by its id if it is gone" };
        return new Command("list", "List snapshots") { Aliases = { "ls" }, Options = { instance } }.Does(host, async (run, cancellationToken) =>
        {
            var source = run.Value(instance) is { } word ? await IdOfAsync(run, word, cancellationToken) : null;
            var snapshots = await run.Fleet.Snapshots.ListAsync(source, cancellationToken);
            run.Print.List(snapshots, ["ID", "NAME", "INSTANCE", "KIND", "SIZE", "AGE"], snapshot =>
            [
                snapshot.Id, snapshot.Name ?? "", snapshot.SourceInstanceName, snapshot.Kind, Words.Size(snapshot.SizeBytes),
                Words.Age(snapshot.CreatedAt, host.Time.GetUtcNow()),
            ]);
        });
    }

    // One that is gone has no name any more, but its snapshots still have its id.
    private static async Task<string> IdOfAsync(Run run, string word, CancellationToken cancellationToken)
    {
        try
        {
            return (await run.Fleet.Instances.GetAsync(word, cancellationToken)).Id;
        }
        catch (Client.Http.ApiException e) when (e.Status == System.Net.HttpStatusCode.NotFound)
        {
            return word;
        }
    }

    private static Command Get(CliHost host)
    {
        var id = SnapshotArgument();
        return new Command("get", "Show a snapshot") { id }.Does(host, async (run, cancellationToken) =>
        {
            var found = await run.Fleet.Snapshots.GetAsync(run.Value(id), cancellationToken);
            run.Print.Fields(found,
            [
                ("Id", found.Id),
                ("Name", found.Name),
                ("Kind", found.Kind),
                ("Instance", $"{found.SourceInstanceName} ({found.SourceInstanceId})"),
                ("Size", Words.Size(found.SizeBytes)),
                ("Compression", CompressionText.Print(found.Compression, found.CompressionState)),
                ("Node", found.Node),
                ("Created", found.CreatedAt?.ToString("u")),
            ]);
        });
    }

    private static Command Restore(CliHost host)
    {
        var (id, state) = (SnapshotArgument(), StateOption());
        return new Command("restore", "Have the instance of a snapshot go back to it; it must be stopped or in standby") { id, state }
            .Does(host, async (run, cancellationToken) =>
            {
                var snapshot = await run.Fleet.Snapshots.GetAsync(run.Value(id), cancellationToken);
                var wish = new RestoreSnapshot(run.Value(state));
                var instance = await run.Print.WhileAsync(
                    $"Restoring {snapshot.SourceInstanceName}",
                    _ => run.Fleet.Snapshots.RestoreAsync(snapshot.SourceInstanceId, snapshot.Id, wish, cancellationToken));
                run.Print.Resource(instance, restored => restored.Name);
            });
    }

    private static Command Fork(CliHost host)
    {
        var (id, state) = (SnapshotArgument(), StateOption());
        var name = new Argument<string>("name") { Description = "Name of the new instance" };
        return new Command("fork", "Make an instance from a snapshot") { id, name, state }.Does(host, async (run, cancellationToken) =>
        {
            var wish = new ForkSnapshot(run.Value(name), run.Value(state));
            var copy = await run.Print.WhileAsync(
                $"Making {wish.Name}", _ => run.Fleet.Snapshots.ForkAsync(run.Value(id), wish, cancellationToken));
            run.Print.Resource(copy, made => made.Name);
        });
    }

    private static Command Remove(CliHost host)
    {
        var ids = new Argument<string[]>("snapshot") { Description = "Ids", Arity = ArgumentArity.OneOrMore };
        return new Command("rm", "Remove snapshots; what was made from them stays") { ids }.Does(host, async (run, cancellationToken) =>
        {
            foreach (var id in run.Value(ids))
                await run.Fleet.Snapshots.DeleteAsync(id, cancellationToken);
        });
    }
}
