using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Changes what an instance was asked for.</summary>
internal static class UpdateCommand
{
    public static Command Make(CliHost host)
    {
        var id = InstanceCommands.InstanceArgument();
        var ttl = TtlOption();
        var expiresAt = new Option<DateTimeOffset?>("--expires-at")
        {
            Description = "Delete it at this time, for example 2026-08-21T18:00:00Z",
            HelpName = "time",
        };
        var (restart, health, idle) = (RestartText.Option(), HealthText.Option(), new AutoStandbyText());
        var command = new Command("update", "Change what an instance was asked for, in any state") { id, ttl, expiresAt, restart, health };
        idle.AddTo(command);
        return command.Does(host, async (run, cancellationToken) =>
        {
            var wish = new UpdateInstance
            {
                Ttl = run.Value(ttl),
                ExpiresAt = run.Value(expiresAt),
                RestartPolicy = run.Value(restart),
                HealthCheck = run.Value(health),
                AutoStandby = idle.Read(run),
            };
            var instance = await run.Fleet.Instances.UpdateAsync(run.Value(id), wish, cancellationToken);
            run.Print.Resource(instance, updated => updated.Name);
        });
    }

    public static Option<string?> TtlOption() => new("--ttl")
    {
        Description = "Delete it after this time, for example 24h; 0s: not by itself",
        HelpName = "duration",
    };
}
